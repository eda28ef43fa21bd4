import type { ProcessAnswer } from '@heddle/protocol/api'
import { findItems } from '../api/graphql.ts'
import { useLoad } from '../api/load.ts'
import { tagValue } from '../api/units.ts'
import { shortId } from '../format.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'

const childrenMax = 100

/** Who spawned the process and what it spawned. */
export function SpawnTree({ facts }: { facts: ProcessAnswer }) {
  const { id, name, parent, parentName } = facts
  const children = useLoad(`${id} ${facts.evaluated}`, async (signal) => {
    const tags = [
      { name: 'From-Process', values: [id] },
      { name: 'Type', values: ['Process'] },
    ]
    return findItems({ tags }, { first: childrenMax }, signal)
  })
  if (children.error !== undefined) {
    return <Failure error={children.error} onRetry={children.reload} />
  }
  if (children.value === undefined) return <Loading rows={4} />
  const { items, hasNextPage } = children.value
  const own = (
    <li>
      <span class="tree-self">{name || shortId(id)}</span>
      {items.length > 0 && (
        <ul>
          {items.map((item) => (
            <li key={item.id}>
              <Id id={item.id} name={tagValue(item.tags, 'Name')} to={paths.process(item.id)} />
            </li>
          ))}
          {hasNextPage && <li class="quiet">and more</li>}
        </ul>
      )}
    </li>
  )
  return (
    <Panel title="Spawn tree">
      {parent === undefined && items.length === 0 ? (
        <Empty title="Alone">An account spawned it, and it has spawned nothing.</Empty>
      ) : (
        <ul class="tree">
          {parent === undefined ? (
            own
          ) : (
            <li>
              <Id id={parent} name={parentName} to={paths.processTab(parent, 'spawned')} />
              <ul>{own}</ul>
            </li>
          )}
        </ul>
      )}
    </Panel>
  )
}
