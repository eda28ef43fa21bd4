import type { Tag } from '../api/units.ts'
import { isId } from '../format.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Empty } from './state.tsx'

/** Tags of an item in their order; ids can be followed. */
export function Tags({ tags }: { tags: readonly Tag[] }) {
  if (tags.length === 0) return <Empty title="No tags" />
  return (
    <table class="tags" aria-label="Tags">
      <tbody>
        {tags.map(({ name, value }, at) => (
          <tr key={`${at} ${name}`}>
            <th scope="row">{name}</th>
            <td>{isId(value) ? <Id id={value} to={paths.search(value)} whole /> : value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
