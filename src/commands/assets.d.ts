// Embedded as text by `with { type: 'text' }`; bun-types doesn't know this file name extension.
declare module '*.service' {
  const text: string
  export default text
}
