/** README.md as its readers use it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './binary.ts'
import { commandsOf } from './shell.ts'

export const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The commands of the fenced sh and bash blocks, indented ones too, in their order. */
export function readmeCommands(text = README): string[] {
  const blocks = [...text.matchAll(/^( *)```(?:sh|bash|shell|console)\n([^]*?)^\1```$/gm)]
  return blocks.flatMap(([, , block]) => commandsOf(block!))
}

export interface Sample {
  command: string
  /** JSON, perhaps below the head of an HTTP answer. */
  reply: string
}

/** The replies that it shows: each in a block right after that of its command. */
export function readmeSamples(text = README): Sample[] {
  const blocks = [...text.matchAll(/^```sh\n([^`]*)^```\n\n```(?:json|text)\n([^`]*)^```$/gm)]
  return blocks
    .filter(([, block]) => block!.startsWith('curl '))
    .map(([, block, reply]) => ({ command: commandsOf(block!)[0]!, reply: reply! }))
}

/**
 * What of a reply is the same each time: its status line, which fields its JSON has, in which
 * order, and of which type each is.
 */
export function replyShape(reply: string): unknown {
  const json = reply.search(/^\{/m)
  const [statusLine = ''] = json > 0 ? reply.split(/\r?\n/) : []
  return [statusLine, shapeOf(JSON.parse(reply.slice(json)))]
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value
  if (Array.isArray(value)) return value.map(shapeOf)
  return Object.entries(value).map(([name, member]) => [name, shapeOf(member)])
}

/** The package scripts that the text mentions, in blocks or outside them. */
export function readmeScripts(text = README): string[] {
  return [...text.matchAll(/\bbun(?:@[\d.]+)? run ([\w:-]+)/g)].map(([, name]) => name!)
}

export type Plan =
  | { kind: 'run' }
  /** A package script; `reason`: why it is enough that it exists. */
  | { kind: 'script'; reason: string }
  | { kind: 'skip'; reason: string }

const PLANS: readonly (readonly [RegExp, Plan])[] = [
  [/^curl /, { kind: 'run' }],
  [/^echo "whsec_/, { kind: 'run' }],
  [/^orchestrator /, { kind: 'run' }],
  [
    /^sudo (orchestrator backup|install -m 600|chown --reference=\/var\/lib\/\S+|rm -f) \/var\//,
    { kind: 'skip', reason: 'test/e2e/backup.test.ts makes a copy and starts from it' },
  ],
  [/^sudo (install|mkdir) /, { kind: 'run' }],
  [/^printf '[^']*' \| sudo tee \S+$/, { kind: 'run' }],
  [/^(npx --yes bun@\S+|bun) run dev$/, { kind: 'script', reason: 'the mesh of this test' }],
  [/^(npx --yes bun@\S+|bun) run verify$/, { kind: 'script', reason: 'this test is part of it' }],
  [/^bun run build$/, { kind: 'script', reason: 'made the binary of this test' }],
  [/^bun install$/, { kind: 'skip', reason: 'the script of `bun run dev` runs it, frozen' }],
  [/^bun test$/, { kind: 'skip', reason: 'it is what runs this' }],
  [/^(sudo )?(systemctl|journalctl) /, { kind: 'skip', reason: 'needs a systemd that is ours' }],
  // The image runs the binary: the test leaves the image out.
  [/^docker run --rm orchestrator /, { kind: 'run' }],
  [/^docker (build|run|create|cp|rm) /, { kind: 'skip', reason: 'no image can be built here' }],
  [/^REGISTRY_IMAGE=\S+ docker compose /, { kind: 'skip', reason: 'no image can be built here' }],
  [/^echo "POSTGRES_PASSWORD=/, { kind: 'skip', reason: 'docker compose reads it' }],
  [
    /^TASK_DB="postgres:\S+" orchestrator migrate /,
    { kind: 'skip', reason: 'test/e2e/migrate.test.ts moves a history' },
  ],
]

/** What the test does with a command; undefined for one that nobody has thought of. */
export function planFor(command: string): Plan | undefined {
  const plan = PLANS.find(([pattern]) => pattern.test(command))?.[1]
  // `orchestrator x | sh` must not slip through as an orchestrator command.
  const tail = command
    .replaceAll(/'[^']*'|"[^"]*"/g, '')
    .split(/[|;&`$]/)
    .slice(1)
  const known = tail.every((part) => /^ sudo tee \S+$/.test(part))
  return plan?.kind === 'run' && !known ? undefined : plan
}
