// Files that build.ts makes, embedded by `with { type: 'file' }`: each is a path.
declare module '*.plain' {
  const path: string
  export default path
}
declare module '*.gz' {
  const path: string
  export default path
}
