import { useLoad } from '../api/load.ts'
import { getJson } from '../api/request.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Empty, Failure, Loading } from './state.tsx'

type ManifestJson = {
  readonly index?: { readonly path?: string }
  readonly paths?: Readonly<Record<string, { readonly id?: string }>>
}

/** Paths of a manifest and the items behind them. */
export function Manifest({ id }: { id: string }) {
  const { value, error, reload } = useLoad(id, (signal) =>
    getJson<ManifestJson>(`/raw/${id}`, signal),
  )
  if (error !== undefined) return <Failure error={error} onRetry={reload} />
  if (value === undefined) return <Loading />
  const entries = Object.entries(value.paths ?? {})
  if (entries.length === 0) return <Empty title="A manifest without paths" />
  return (
    <table class="table" aria-label="Paths of the manifest">
      <tbody>
        {entries.map(([path, entry]) => (
          <tr key={path}>
            <th scope="row">
              <a href={`/${id}/${path}`}>{path}</a>
              {path === value.index?.path && <span class="quiet"> index</span>}
            </th>
            <td>
              <Id id={entry.id ?? ''} to={paths.item(entry.id ?? '')} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
