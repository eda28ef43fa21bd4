import type { Provenance, ProvenanceItem } from '@heddle/sdk'
import { useLoad } from '../api/load.ts'
import { Id } from '../components/id.tsx'
import { Badge, PageHead, Panel, type Tone } from '../components/panel.tsx'
import { kindOf, ProvenanceGraph, relations } from '../components/provenance-graph.tsx'
import { Failure, Loading } from '../components/state.tsx'
import { Table } from '../components/table.tsx'
import { counted, shortId } from '../format.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

const tones: Readonly<Record<ProvenanceItem['state'], Tone>> = {
  verified: 'good',
  forged: 'bad',
  missing: 'warn',
}

/** Where an item came from and what came of it; each signature is checked in this browser. */
export function ProvenancePage({ id }: { id: string }) {
  useTitle(`Provenance of ${shortId(id)}`)
  const { value, error, reload } = useLoad(id, async (signal) => {
    const { createClient, fetchProvenance } = await import('@heddle/sdk')
    return fetchProvenance(createClient({ url: location.origin }), id, signal)
  })
  return (
    <>
      <PageHead
        kind="Provenance"
        title={value === undefined ? shortId(id) : titleOf(value)}
        actions={
          <Link class="button" to={paths.item(id)}>
            The item itself
          </Link>
        }
      >
        <Id id={id} whole />
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={8} label="Following every link" />
      ) : (
        <>
          <Panel title="Lineage" aside={<Verdict provenance={value} />}>
            <ProvenanceGraph provenance={value} />
            <Legend provenance={value} />
          </Panel>
          <Panel title={counted(value.items.length, 'item')}>
            <ItemTable provenance={value} />
          </Panel>
        </>
      )}
    </>
  )
}

function titleOf({ id, items }: Provenance): string {
  const item = items.find((one) => one.id === id)
  return item === undefined ? shortId(id) : [kindOf(item), item.name].filter(Boolean).join(' ')
}

function Verdict({ provenance: { items, cut } }: { provenance: Provenance }) {
  const wrong = items.filter(({ state }) => state === 'forged').length
  const missing = items.filter(({ state }) => state === 'missing').length
  return (
    <span class="badges">
      {wrong > 0 && <Badge tone="bad">{wrong} forged</Badge>}
      {missing > 0 && <Badge tone="warn">{missing} not kept here</Badge>}
      {wrong + missing === 0 && <Badge tone="good">every signature checked here</Badge>}
      {cut && <Badge tone="quiet">more is known: open an end</Badge>}
    </span>
  )
}

function Legend({ provenance: { links } }: { provenance: Provenance }) {
  const used = new Set(links.map(({ relation }) => relation))
  if (used.size === 0) {
    return <p class="legend">Nothing it names is known, and nothing names it.</p>
  }
  return (
    <p class="legend">
      {Object.entries(relations)
        .filter(([relation]) => used.has(relation))
        .map(([relation, name]) => (
          <span key={relation} class="legend-key">
            <i class={`swatch swatch-${relation}`} aria-hidden="true" /> {name}
          </span>
        ))}
    </p>
  )
}

function ItemTable({ provenance: { items, links } }: { provenance: Provenance }) {
  const known = new Map(items.map((item) => [item.id, item]))
  const groundsOf = (id: string) => links.filter(({ child }) => child === id)
  return (
    <Table
      label="Items of the lineage"
      hideNarrow={[2, 3]}
      columns={['Item', 'Signature', 'Signed by', 'Rests on']}
    >
      {items.map((item) => (
        <tr key={item.id}>
          <td>
            <Id id={item.id} name={item.name ?? kindOf(item)} to={paths.search(item.id)} />
            {item.name !== undefined && <span class="quiet"> {kindOf(item)}</span>}
            {item.verdict !== undefined && (
              <span class="quiet">
                {' '}
                {item.verdict}, rule {item.rule}
              </span>
            )}
          </td>
          <td>
            <Badge tone={tones[item.state]}>{item.state}</Badge>
          </td>
          <td>
            {item.signer !== undefined && <Id id={item.signer} to={paths.account(item.signer)} />}
          </td>
          <td class="nowrap">
            <Grounds grounds={groundsOf(item.id)} known={known} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

type GroundsProps = {
  readonly grounds: Provenance['links']
  readonly known: ReadonlyMap<string, ProvenanceItem>
}

function Grounds({ grounds, known }: GroundsProps) {
  if (grounds.length === 0) return <span class="quiet">–</span>
  return (
    <ul>
      {grounds.map(({ ground, relation }) => {
        const item = known.get(ground)
        const name = item === undefined ? shortId(ground) : (item.name ?? kindOf(item))
        return (
          <li key={ground}>
            <span class="quiet">{relations[relation] ?? relation}</span>{' '}
            <Link to={paths.provenance(ground)}>{name}</Link>
          </li>
        )
      })}
    </ul>
  )
}
