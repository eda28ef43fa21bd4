import type { Provenance, ProvenanceItem } from '@heddle/sdk'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { shortId } from '../format.ts'
import { paths } from '../paths.ts'
import { layOut, type Place, type PlacedItem } from '../provenance-layout.ts'
import { navigate } from '../router.tsx'

const boxPx = { width: 150, height: 50 }
const stepPx = { x: 192, y: 68 }
const marginPx = 8

/** What each line means. */
export const relations: Readonly<Record<string, string>> = {
  derived: 'made from',
  receipt: 'answered by',
  sender: 'sent by',
  code: 'runs',
  cause: 'set off by',
}

/** Where an item came from, to the left, and what came of it, to the right. */
export function ProvenanceGraph({ provenance }: { provenance: Provenance }) {
  const { items, links, columns, rows } = layOut(provenance)
  const width = (columns - 1) * stepPx.x + boxPx.width + 2 * marginPx
  const height = rows * stepPx.y + 2 * marginPx
  const asked = items.find(({ id }) => id === provenance.id)
  const scroller = useRef<HTMLElement>(null)
  // What was asked for is in sight first.
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null || asked === undefined) return
    element.scrollLeft = middleOf(asked).x - element.clientWidth / 2
  }, [provenance.id])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section class="lineage" tabIndex={0} aria-label="Picture of the lineage" ref={scroller}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height}>
        <title>Lines go from what something rests on, left, to what came of it, right</title>
        {links.map(({ child, ground, relation, path, state }) => (
          <path
            key={`${child} ${ground}`}
            class={`lineage-line lineage-${relation}`}
            d={draw(path)}
          >
            <title>
              {state === 'forged' ? 'Forged: no tag says so' : (relations[relation] ?? relation)}
            </title>
          </path>
        ))}
        {items.map((item) => (
          <Box key={item.id} item={item} isAsked={item === asked} />
        ))}
      </svg>
    </section>
  )
}

function Box({ item, isAsked }: { item: PlacedItem; isAsked: boolean }) {
  const { id, state, name } = item
  const middle = middleOf(item)
  const x = middle.x - boxPx.width / 2
  const y = middle.y - boxPx.height / 2
  const to = paths.provenance(id)
  const onClick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    navigate(to)
  }
  const about = name === undefined ? shortId(id) : clip(kindOf(item), 18)
  return (
    <a href={to} class={`lineage-box is-${state}${isAsked ? ' is-asked' : ''}`} onClick={onClick}>
      <rect x={x} y={y} width={boxPx.width} height={boxPx.height} rx="6" />
      <text class="lineage-name" x={x + 12} y={y + 21}>
        {clip(name ?? kindOf(item), 17)}
      </text>
      <text class="lineage-id" x={x + 12} y={y + 39}>
        {state === 'verified' ? about : `${about} ${state}`}
      </text>
    </a>
  )
}

export function kindOf({ kind, state }: ProvenanceItem): string {
  return kind ?? (state === 'missing' ? 'Not kept here' : 'Forged')
}

function middleOf({ column, row }: Place): { readonly x: number; readonly y: number } {
  return { x: marginPx + boxPx.width / 2 + column * stepPx.x, y: marginPx + row * stepPx.y }
}

/** From box to box, level through the columns it passes. */
function draw(path: readonly Place[]): string {
  const half = boxPx.width / 2
  return path
    .map((place, at) => {
      const { x, y } = middleOf(place)
      const before = path[at - 1]
      if (before === undefined) return `M${x + half} ${y}`
      const from = middleOf(before)
      const bend = (stepPx.x - boxPx.width) / 2
      const curve = `C${from.x + half + bend} ${from.y} ${x - half - bend} ${y} ${x - half} ${y}`
      return at === path.length - 1 ? curve : `${curve}H${x + half}`
    })
    .join('')
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
