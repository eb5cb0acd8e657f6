/** JSON text in pieces, as it was written: a number that JavaScript cannot hold keeps its digits. */

/** The members of an object, each as the text that it is; of a name twice the last. */
export function membersOf(json: string): Map<string, string> {
  const members = new Map<string, string>()
  let at = skip(json, json.indexOf('{') + 1)
  while (at < json.length && json[at] !== '}') {
    const nameEnd = endOfValue(json, at)
    const name = JSON.parse(json.slice(at, nameEnd)) as string
    const start = skip(json, json.indexOf(':', nameEnd) + 1)
    const end = endOfValue(json, start)
    members.set(name, json.slice(start, end))
    at = skip(json, end)
    if (json[at] === ',') at = skip(json, at + 1)
  }
  return members
}

function skip(json: string, at: number): number {
  while (/\s/.test(json[at] ?? '')) at++
  return at
}

/** The place after the value that starts at `at`. The text is JSON. */
function endOfValue(json: string, at: number): number {
  if (json[at] === '"') return endOfString(json, at)
  if (json[at] !== '{' && json[at] !== '[') {
    const end = json.slice(at).search(/[\s,\]}]/)
    return end < 0 ? json.length : at + end
  }
  let depth = 0
  for (let i = at; i < json.length; i++) {
    const char = json[i]
    if (char === '"') i = endOfString(json, i) - 1
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1
  }
  return json.length
}

function endOfString(json: string, at: number): number {
  for (let i = at + 1; i < json.length; i++) {
    if (json[i] === '\\') i++
    else if (json[i] === '"') return i + 1
  }
  return json.length
}
