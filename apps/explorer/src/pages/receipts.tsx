import { useFoundItems } from '../api/found-pages.ts'
import type { Found } from '../api/graphql.ts'
import { tagValue } from '../api/units.ts'
import { Id } from '../components/id.tsx'
import { PageHead } from '../components/panel.tsx'
import { Empty, Failure, Loading } from '../components/state.tsx'
import { More, Table } from '../components/table.tsx'
import { Age } from '../components/time.tsx'
import { formatCount } from '../format.ts'
import { useNames } from '../names.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'
import { useTitle } from '../title.ts'

const filter = { tags: [{ name: 'Type', values: ['Receipt'] }] }

/** Receipts kept here, newest first. */
export function ReceiptsPage() {
  useTitle('Receipts')
  const { items, first, hasMore, isLoadingMore, more } = useFoundItems(filter)
  const names = useNames(items.map(({ tags }) => tagValue(tags, 'Process') ?? ''))
  return (
    <>
      <PageHead kind="Inference" title="Receipts">
        <p class="lead">
          Each answer of a model leaves a receipt: the question, the tokens, and a hash of every
          step. Open one and replay it in this browser, with no word of the node believed.
        </p>
      </PageHead>
      {first.error !== undefined && <Failure error={first.error} onRetry={first.reload} />}
      {first.isLoading && <Loading rows={8} />}
      {first.value !== undefined && items.length === 0 && (
        <Empty title="No receipts yet">
          <Link to={paths.models()}>Ask a model</Link>, or send a message to a process that is one:
          its receipt shows here.
        </Empty>
      )}
      {items.length > 0 && <ReceiptTable items={items} names={names} />}
      {hasMore && <More isLoading={isLoadingMore} onMore={more} />}
    </>
  )
}

type TableProps = {
  readonly items: readonly Found[]
  readonly names: ReturnType<typeof useNames>
}

function ReceiptTable({ items, names }: TableProps) {
  return (
    <Table
      label="Receipts"
      hideNarrow={[2, 5]}
      columns={['Receipt', 'Model', 'Asked by', 'Kept', { number: 'Block' }]}
    >
      {items.map((item) => (
        <ReceiptRow key={item.id} item={item} names={names} />
      ))}
    </Table>
  )
}

function ReceiptRow({ item, names }: { item: Found; names: TableProps['names'] }) {
  const { id, tags, block, ingested_at } = item
  const model = tagValue(tags, 'Model') ?? ''
  const process = tagValue(tags, 'Process')
  const slot = tagValue(tags, 'Slot')
  return (
    <tr>
      <td>
        <Id id={id} to={paths.receipt(id)} />
      </td>
      <td>
        <Id id={model} to={paths.item(model)} />
      </td>
      <td class="nowrap">
        {process === undefined ? (
          <span class="quiet">a caller of /v1</span>
        ) : (
          <>
            <Id id={process} name={names.get(process)} to={paths.process(process)} />
            {slot !== undefined && <span class="quiet"> slot {slot}</span>}
          </>
        )}
      </td>
      <td class="nowrap">{ingested_at === null ? '–' : <Age ms={ingested_at * 1000} />}</td>
      <td class="number">{block === null ? 'pending' : formatCount(block.height)}</td>
    </tr>
  )
}
