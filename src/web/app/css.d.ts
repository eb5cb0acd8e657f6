// Bun.build takes them out of the script.
declare module '*.css' {}
