import type { Provenance, ProvenanceItem } from '@heddle/sdk'

/** What a link is called in the drawing; the plain `Derived-From` needs no word. */
const words: Readonly<Record<string, string>> = {
  derived: '',
  receipt: 'by receipt ',
  sender: 'sent by ',
  code: 'runs ',
  cause: 'caused by ',
}

const short = 10

/**
 * A lineage as two trees: what the item came from, and what came of it. An item met again is named, not drawn
 * again.
 */
export function drawProvenance(provenance: Provenance): string[] {
  const byId = new Map(provenance.items.map((item) => [item.id, item]))
  const title = (id: string) => describe(byId.get(id) ?? { id, state: 'missing' })
  const grounds = new Map<string, [string, string][]>()
  const offspring = new Map<string, [string, string][]>()
  for (const { child, ground, relation, state } of provenance.links) {
    const made = state === 'forged' ? 'FORGED LINK (no such tag) ' : ''
    add(grounds, child, [ground, made + (words[relation] ?? '')])
    add(offspring, ground, [child, made + (relation === 'derived' ? '' : `${relation} of `)])
  }
  const draw = (next: typeof grounds): string[] => {
    const drawn = new Set<string>()
    const lines: string[] = []
    const branch = (id: string, stem: string) => {
      const list = next.get(id) ?? []
      for (const [index, [to, word]] of list.entries()) {
        const isLast = index === list.length - 1
        const isAgain = drawn.has(to)
        const again = isAgain && next.has(to) ? ' …' : ''
        lines.push(`${stem}${isLast ? '└─ ' : '├─ '}${word}${title(to)}${again}`)
        drawn.add(to)
        if (!isAgain) branch(to, `${stem}${isLast ? '   ' : '│  '}`)
      }
    }
    branch(provenance.id, '')
    return lines
  }
  const [from, led] = [draw(grounds), draw(offspring)]
  return [
    title(provenance.id),
    ...(from.length === 0 ? ['names nothing it came from'] : ['came from', ...from]),
    ...(led.length === 0 ? [] : ['led to', ...led]),
    ...(provenance.cut ? ['more is known: ask for an item at the edge'] : []),
  ]
}

function add(map: Map<string, [string, string][]>, id: string, entry: [string, string]): void {
  const list = map.get(id)
  if (list === undefined) map.set(id, [entry])
  else list.push(entry)
}

function describe({ id, state, kind, name, signer, rule, verdict }: ProvenanceItem): string {
  if (state === 'missing') return `${id}  MISSING: nobody here has it`
  if (state === 'forged') return `${id}  FORGED: it is not what it says it is`
  const called = name === undefined ? '' : ` ${name}`
  const decided = rule === undefined ? '' : ` (${verdict ?? ''}: ${rule})`
  return `${kind ?? 'Item'}${called}${decided}  ${id}  by ${signer?.slice(0, short) ?? 'nobody'}…`
}
