import type { ComponentChildren } from 'preact'
import { useFoundItems } from '../api/found-pages.ts'
import type { Found, ItemFilter } from '../api/graphql.ts'
import { tagValue } from '../api/units.ts'
import { formatBytes, formatCount } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Badge } from './panel.tsx'
import { Failure, Loading } from './state.tsx'
import { More, Table } from './table.tsx'

type FoundItemsProps = {
  readonly filter: ItemFilter
  readonly label: string
  readonly empty: ComponentChildren
  /** Where an item leads to; its own page unless told. */
  toOf?(item: Found): string
}

/** Items that match, newest first. */
export function FoundItems({ filter, label, empty, toOf }: FoundItemsProps) {
  const { items, first, hasMore, isLoadingMore, moreError, more } = useFoundItems(filter)
  const names = useNames(items.map(({ recipient }) => recipient))
  if (first.error !== undefined) return <Failure error={first.error} onRetry={first.reload} />
  if (first.isLoading) return <Loading rows={8} />
  if (items.length === 0) return <>{empty}</>
  return (
    <>
      <Table
        label={label}
        hideNarrow={[3, 5]}
        columns={['Item', 'What', 'Owner', { number: 'Size' }, { number: 'Block' }]}
      >
        {items.map((item) => (
          <ItemRow
            key={item.id}
            item={item}
            to={toOf?.(item) ?? addressOf(item, typeof names.get(item.recipient) === 'string')}
          />
        ))}
      </Table>
      {moreError !== undefined && <Failure error={moreError} onRetry={more} />}
      {hasMore && <More isLoading={isLoadingMore} onMore={more} />}
    </>
  )
}

function ItemRow({ item, to }: { item: Found; to: string }) {
  const { id, owner, data, tags, block } = item
  const name = tagValue(tags, 'Name') ?? tagValue(tags, 'Title')
  return (
    <tr>
      <td>
        <Id id={id} name={name} to={to} />
      </td>
      <td>
        <Badge tone="quiet">{whatIs(item)}</Badge>
      </td>
      <td>
        <Id id={owner.address} to={paths.account(owner.address)} />
      </td>
      <td class="number">{formatBytes(Number(data.size))}</td>
      <td class="number">{block === null ? 'pending' : formatCount(block.height)}</td>
    </tr>
  )
}

/** Processes have pages of their own, and so have messages that a process here got. */
export function addressOf({ id, tags }: Found, isScheduled: boolean): string {
  const type = tagValue(tags, 'Data-Protocol') === 'ao' ? tagValue(tags, 'Type') : undefined
  if (type === 'Process') return paths.process(id)
  if (tagValue(tags, 'Type') === 'Receipt') return paths.receipt(id)
  return type === 'Message' && isScheduled ? paths.message(id) : paths.item(id)
}

function whatIs({ tags, data }: Found): string {
  const protocol = tagValue(tags, 'Data-Protocol') ?? ''
  const type = /^(ao|Heddle)$/.test(protocol) ? tagValue(tags, 'Type') : undefined
  const action = tagValue(tags, 'Action')
  if (type === 'Message' && action !== undefined) return `Message ${action.slice(0, 40)}`
  if (tagValue(tags, 'Bundle-Format') !== undefined) return 'Bundle'
  return type || tagValue(tags, 'Content-Type') || data.type || 'bytes'
}
