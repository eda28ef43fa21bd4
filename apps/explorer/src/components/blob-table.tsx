import type { BlobRow } from '@heddle/protocol/api'
import type { Load } from '../api/load.ts'
import { formatBytes, formatCount, formatDay } from '../format.ts'
import { paths } from '../paths.ts'
import { Id } from './id.tsx'
import { Panel } from './panel.tsx'
import { Empty, Failure, Loading } from './state.tsx'
import { Table } from './table.tsx'

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
        <Table
          label="Newest blobs"
          hideNarrow={[3, 5]}
          columns={['Blob', { number: 'Size' }, 'Code', { number: 'Signed by' }, 'Kept until']}
        >
          {value.map((blob) => (
            <Row key={blob.commitment} blob={blob} />
          ))}
        </Table>
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
