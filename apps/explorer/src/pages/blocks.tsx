import { findBlocks } from '../api/graphql.ts'
import { useLoad } from '../api/load.ts'
import { Id } from '../components/id.tsx'
import { PageHead, Panel } from '../components/panel.tsx'
import { Failure, Loading } from '../components/state.tsx'
import { Table } from '../components/table.tsx'
import { Age } from '../components/time.tsx'
import { formatCount } from '../format.ts'
import { useTitle } from '../title.ts'

const shown = 100
const secondMs = 1000

/** The newest blocks of the base layer. */
export function BlocksPage() {
  useTitle('Blocks')
  const { value, error, reload } = useLoad('blocks', (signal) =>
    findBlocks(shown, undefined, signal),
  )
  return (
    <>
      <PageHead kind="Base layer" title="Blocks">
        <p class="lead">
          Each block holds the ids of items kept since the one before, and its hash. A block is made
          when there is something to order.
        </p>
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={8} />
      ) : (
        <Panel title={`The newest ${value.blocks.length}`}>
          <Table
            label="Blocks"
            hideNarrow={[3]}
            columns={[{ number: 'Height' }, 'Block', 'Before it', 'Made']}
          >
            {value.blocks.map(({ id, height, previous, timestamp }) => (
              <tr key={id}>
                <td class="number">{formatCount(height)}</td>
                <td>
                  <Id id={id} copy />
                </td>
                <td>
                  <Id id={previous} />
                </td>
                <td class="nowrap">
                  {/* Its time is part of the network, and says nothing of this node. */}
                  {height === 0 ? 'genesis' : <Age ms={timestamp * secondMs} />}
                </td>
              </tr>
            ))}
          </Table>
        </Panel>
      )}
    </>
  )
}
