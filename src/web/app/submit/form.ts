/** What is typed into the form of a submission, and the body that it makes. */

export interface HeaderLine {
  readonly name: string
  readonly value: string
}

export interface Form {
  readonly droplet_name: string
  readonly method: string
  readonly path: string
  /** JSON text; it goes out as it was typed. */
  readonly payload: string
  readonly headers: readonly HeaderLine[]
  readonly meta: string
  readonly timeout_ms: string
  readonly deadline_ms: string
  readonly max_retries: string
  readonly delay_seconds: string
  readonly isAsync: boolean
  readonly idempotencyKey: string
}

export const EMPTY_FORM: Form = {
  droplet_name: '',
  method: 'POST',
  path: '/',
  payload: '',
  headers: [],
  meta: '',
  timeout_ms: '',
  deadline_ms: '',
  max_retries: '',
  delay_seconds: '',
  isAsync: false,
  idempotencyKey: '',
}

/** By field, as the API names it; '' is the form as a whole. */
export type FieldErrors = Readonly<Record<string, string>>

const NUMBERS = ['timeout_ms', 'deadline_ms', 'max_retries', 'delay_seconds'] as const

/** What the API would refuse, or could not read. What it does not say here, it says itself. */
export function faultsOf(form: Form): FieldErrors {
  const faults: Record<string, string> = {}
  if (form.droplet_name.trim() === '') faults.droplet_name = 'Which droplet is it for?'
  if (!form.path.startsWith('/')) faults.path = 'Must start with /'
  for (const name of ['payload', 'meta'] as const) {
    const fault = jsonFault(form[name])
    if (fault) faults[name] = fault
  }
  for (const name of NUMBERS) {
    const text = form[name].trim()
    if (text !== '' && !/^\d+(\.\d+)?$/.test(text)) faults[name] = 'Must be a number'
  }
  const names = namesOf(form)
  if (names.some((name, i) => name === '' && form.headers[i]!.value !== '')) {
    faults.headers = 'A header has a value but no name'
  } else if (new Set(names.filter((name) => name !== '')).size < names.filter(Boolean).length) {
    faults.headers = 'A header is there twice'
  }
  return faults
}

const namesOf = ({ headers }: Form) => headers.map(({ name }) => name.trim().toLowerCase())

/** In words, with line and column; null: it is JSON, or nothing. */
export function jsonFault(text: string): string | null {
  if (text.trim() === '') return null
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return faultText(text, String((error as Error).message))
  }
}

function faultText(text: string, message: string): string {
  const reason = withoutText(message)
    .replace(/^JSON\.parse: /, '')
    .replace(/,? (in JSON )?at (position|line) .*$/s, '')
  const position = /at position (\d+)/.exec(message)
  if (!position) return `Not JSON: ${reason}`
  const before = text.slice(0, Number(position[1])).split('\n')
  return `Not JSON: ${reason}, line ${before.length}, column ${before.at(-1)!.length + 1}`
}

/** Some browsers say the whole text: `Unexpected token 'x', "x" is not valid JSON`. */
function withoutText(message: string): string {
  const end = message.endsWith(' is not valid JSON') ? message.indexOf(', ') : -1
  return end < 0 ? message : message.slice(0, end)
}

/** The JSON text of a submission. `payload` and `meta` are in it digit by digit as they were typed. */
export function submissionOf(form: Form): string {
  const members: [string, string][] = [
    ['droplet_name', JSON.stringify(form.droplet_name.trim())],
    ['method', JSON.stringify(form.method)],
    ['path', JSON.stringify(form.path)],
    ...given('payload', form.payload),
    ...given('meta', form.meta),
    ...headersMember(form),
    ...NUMBERS.flatMap((name) =>
      name === 'delay_seconds' && !form.isAsync ? [] : given(name, form[name]),
    ),
  ]
  return `{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`
}

function given(name: string, text: string): [string, string][] {
  const trimmed = text.trim()
  return trimmed === '' ? [] : [[name, trimmed]]
}

function headersMember({ headers }: Form): [string, string][] {
  const named = headers.filter(({ name }) => name.trim() !== '')
  if (named.length === 0) return []
  // Not an object: a header may be called __proto__.
  const lines = named.map(
    ({ name, value }) => `${JSON.stringify(name.trim())}:${JSON.stringify(value)}`,
  )
  return [['headers', `{${lines.join(',')}}`]]
}

/** `details.errors` of an INVALID_REQUEST, each at its field. */
export function errorsByField(details: Readonly<Record<string, unknown>>): FieldErrors {
  const errors = (details.errors ?? []) as { path: string; message: string }[]
  const found: Record<string, string> = {}
  for (const { path, message } of errors) {
    // `/payload`, or `?status` of a query.
    const [, field = '', ...inner] = path.split(/[/?]/)
    const text = inner.length === 0 ? message : `${inner.join('/')} ${message}`
    found[field] = found[field] === undefined ? text : `${found[field]}; ${text}`
  }
  return found
}
