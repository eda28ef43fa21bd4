/** What a process answers to: an `Action`, and the tags its handler looks at. */
export type Handler = { readonly action: string; readonly tags: readonly string[] }

const handlersMax = 64
const tagsMax = 32
/** Sources beyond this are not searched. */
const sourceLength = 262_144
const handlerPattern = /\bon(?:ce)?\(\s*(['"`])([\w .:/-]{1,64})\1/g
const tagPattern = /\btags(?:\.([A-Za-z_]\w{0,63})|\[\s*(['"`])([\w .:-]{1,64})\2\s*\])/g
/** What the system writes is nothing a caller gives. */
const systemTags = new Set(['Action', 'Reference', 'X-Reference', 'From-Process', 'Type'])

/**
 * Handlers of a `js` actor as its source declares them: `on('Name', …)`, with the tags read up to the next
 * one. A hint for whoever calls, not a rule: an actor may take more, or refuse what it declares.
 */
export function readHandlers(source: string): Handler[] {
  const text = source.slice(0, sourceLength)
  const found = [...text.matchAll(handlerPattern)]
  const handlers = new Map<string, Handler>()
  for (const [i, match] of found.entries()) {
    const action = match[2] ?? ''
    if (handlers.has(action) || handlers.size === handlersMax) continue
    const body = text.slice(match.index, found[i + 1]?.index)
    handlers.set(action, { action, tags: tagsIn(body) })
  }
  return [...handlers.values()]
}

function tagsIn(body: string): string[] {
  const names = [...body.matchAll(tagPattern)].map((match) => match[1] ?? match[3] ?? '')
  return [...new Set(names)].filter((name) => !systemTags.has(name)).slice(0, tagsMax)
}

/** What every process of a model answers to. */
export const modelHandlers: readonly Handler[] = [
  {
    action: 'Infer',
    tags: ['Tokens-Max', 'Tokens-Per-Message', 'Temperature', 'Top-P', 'Seed', 'Stop', 'Format'],
  },
  { action: 'Continue', tags: ['Session'] },
  { action: 'Info', tags: [] },
]
