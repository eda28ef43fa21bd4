import type { BlobRow } from '@heddle/protocol/api'
import type { Load } from '../api/load.ts'
import { formatBytes, formatCount, formatDay } from '../format.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'

/** Blobs that were certified here, newest first. */
export function BlobTable({ blobs }: { blobs: Load<readonly BlobRow[]> }) {
  const { value, error, reload } = blobs
  return (
    <Panel title="Newest blobs">
      {error !== undefined && <Failure error={error} onRetry={reload} />}
      {value === undefined ? (
        error === undefined && <Loading rows={4} />
      ) : value.length === 0 ? (
        <Empty title="No blobs yet">
          Put one here, or with <code>heddle da put FILE</code>: it shows once it is certified.
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <section class="table-scroll" tabIndex={0} aria-label="Newest blobs">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Blob</th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col">Code</th>
                <th scope="col" class="number">
                  Signed by
                </th>
                <th scope="col">Kept until</th>
              </tr>
            </thead>
            <tbody>
              {value.map((blob) => (
                <Row key={blob.commitment} blob={blob} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Panel>
  )
}

const secondMs = 1000

function Row({ blob }: { blob: BlobRow }) {
  const { commitment, lengthBytes, k, n, signers, members, expiresAtSeconds } = blob
  return (
    <tr>
      <td>
        <Id id={commitment} to={paths.blob(commitment)} copy />
      </td>
      <td class="number">{formatBytes(lengthBytes)}</td>
      <td class="nowrap">
        {k} of {n}
      </td>
      <td class="number">
        {formatCount(signers)} of {formatCount(members)}
      </td>
      <td class="nowrap">
        {expiresAtSeconds === undefined ? 'always' : formatDay(expiresAtSeconds * secondMs)}
      </td>
    </tr>
  )
}
