/** The kind of settings that are secrets. A file in their place has the same text. */
import type { Kind } from './kinds.ts'

/** As Standard Webhooks has it: 24 to 64 bytes in base64 after the prefix. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/
const MAX_SECRETS = 2

/** What is allowed, apart from nothing at all. */
export const SECRETS_RULE = 'one or two secrets: whsec_ and 24 to 64 bytes in base64'

export const signingSecrets: Kind<readonly string[]> = {
  allowed: `empty, or ${SECRETS_RULE}`,
  parse(text) {
    const secrets = text.split(/[\s,]+/).filter(Boolean)
    const areValid = secrets.length <= MAX_SECRETS && secrets.every(isSecret)
    return areValid ? secrets : undefined
  },
}

function isSecret(text: string): boolean {
  if (!SECRET.test(text)) return false
  const { length } = Buffer.from(text.slice('whsec_'.length), 'base64')
  return length >= 24 && length <= 64
}
