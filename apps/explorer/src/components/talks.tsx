import type { Partner } from '@heddle/protocol/api'
import { useLoad } from '../api/load.ts'
import { fetchActivity } from '../api/node.ts'
import { formatCount, shortId } from '../format.ts'
import { paths } from '../paths.ts'
import { navigate } from '../router.tsx'
import { Id } from './id.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'

type TalksProps = {
  readonly id: string
  readonly name: string | undefined
  readonly evaluated: number
}

const slotsPerSum = 25
/** Partners in the picture; the table has them all. */
const drawnMax = 16

/** Who the process gets messages from and sends messages to. */
export function Talks({ id, name, evaluated }: TalksProps) {
  const step = Math.floor(evaluated / slotsPerSum)
  const { value, error, reload } = useLoad(`${id} ${step}`, (signal) => fetchActivity(id, signal))
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  if (value === undefined) return <Loading rows={8} />
  const { partners } = value
  return (
    <Panel
      title="Talks with"
      aside={<span class="quiet">newest {formatCount(value.slots)} slots</span>}
    >
      {partners.length === 0 ? (
        <Empty title="Nobody yet" />
      ) : (
        <div class="talks">
          <Graph id={id} name={name || shortId(id)} partners={partners.slice(0, drawnMax)} />
          <PartnerTable partners={partners} />
        </div>
      )}
    </Panel>
  )
}

type GraphProps = {
  readonly id: string
  readonly name: string
  readonly partners: readonly Partner[]
}

const sizePx = 420
const middlePx = sizePx / 2
const radiusPx = 150

/** The process in the middle, its partners around it; a line is as thick as what went along it. */
function Graph({ name, partners }: GraphProps) {
  const most = Math.max(...partners.flatMap(({ received, sent }) => [received, sent]), 1)
  const width = (count: number) => 1 + 5 * Math.sqrt(count / most)
  return (
    <svg
      class="graph"
      viewBox={`0 0 ${sizePx} ${sizePx}`}
      role="img"
      aria-label={`${name} and ${partners.length} partners; the table lists them`}
    >
      {partners.map(({ id, received, sent }, at) => {
        const { x, y } = placeAt(at, partners.length)
        const bend = (sign: number) => curve(x, y, sign)
        return (
          <g key={id}>
            {sent > 0 && <path class="graph-sent" d={bend(1)} stroke-width={width(sent)} />}
            {received > 0 && (
              <path class="graph-received" d={bend(-1)} stroke-width={width(received)} />
            )}
          </g>
        )
      })}
      {partners.map((partner, at) => (
        <Node key={partner.id} partner={partner} {...placeAt(at, partners.length)} />
      ))}
      <circle class="graph-self" cx={middlePx} cy={middlePx} r="34" />
      <text class="graph-self-name" x={middlePx} y={middlePx + 4}>
        {clip(name, 9)}
      </text>
    </svg>
  )
}

function Node({ partner, x, y }: { partner: Partner; x: number; y: number }) {
  const open = () => navigate(addressOf(partner))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table has the same links for keys
    <g class="graph-node" onClick={open}>
      <circle cx={x} cy={y} r="17" class={partner.process ? 'is-process' : ''} />
      <text x={x} y={y < middlePx ? y - 24 : y + 32}>
        {clip(partner.name || shortId(partner.id), 14)}
      </text>
    </g>
  )
}

function placeAt(at: number, count: number): { readonly x: number; readonly y: number } {
  const angle = (2 * Math.PI * at) / count - Math.PI / 2
  return { x: middlePx + radiusPx * Math.cos(angle), y: middlePx + radiusPx * Math.sin(angle) }
}

/** From the middle, bent to one side, so that both directions can be told apart. */
function curve(x: number, y: number, sign: number): string {
  const dx = x - middlePx
  const dy = y - middlePx
  const bendPx = 0.12 * sign
  const at = `${middlePx + dx / 2 - dy * bendPx} ${middlePx + dy / 2 + dx * bendPx}`
  return `M${middlePx} ${middlePx}Q${at} ${x} ${y}`
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

function addressOf({ id, process }: Partner): string {
  return process ? paths.process(id) : paths.account(id)
}

function PartnerTable({ partners }: { partners: readonly Partner[] }) {
  return (
    <table class="table">
      <caption class="legend">
        <span class="swatch swatch-1" /> sent <span class="swatch swatch-4" /> received
      </caption>
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col" class="number">
            Sent
          </th>
          <th scope="col" class="number">
            Received
          </th>
        </tr>
      </thead>
      <tbody>
        {partners.map((partner) => (
          <tr key={partner.id}>
            <td>
              <Id id={partner.id} name={partner.name} to={addressOf(partner)} />
              {!partner.process && <span class="quiet"> account</span>}
            </td>
            <td class="number">{formatCount(partner.sent)}</td>
            <td class="number">{formatCount(partner.received)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
