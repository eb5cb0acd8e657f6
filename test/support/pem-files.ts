/** Certificates and keys as files. */
import { writeFileSync } from 'node:fs'
import { CERTIFICATE, PRIVATE_KEY } from './self-signed.ts'
import { temporaryDir } from './temporary.ts'

/** For `localhost`, self-signed; and a key that is not its own. */
export function pemFiles() {
  const dir = temporaryDir()
  const write = (name: string, text: string) => {
    writeFileSync(dir.file(name), text)
    return dir.file(name)
  }
  return {
    certFile: write('cert.pem', CERTIFICATE),
    keyFile: write('key.pem', PRIVATE_KEY),
    write,
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  }
}
