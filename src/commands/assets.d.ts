// Embedded as text by `with { type: 'text' }`; bun-types knows no such ending.
declare module '*.service' {
  const text: string
  export default text
}
