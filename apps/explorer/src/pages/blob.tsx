import { useEffect, useRef, useState } from 'preact/hooks'
import { type CertificateFacts, fetchCertificate } from '../api/availability.ts'
import type { SampledBlob } from '../api/blob-sampling.ts'
import { useLoad } from '../api/load.ts'
import { Id } from '../components/id.tsx'
import { Facts, PageHead, Panel } from '../components/panel.tsx'
import { RowGrid, type RowState } from '../components/row-grid.tsx'
import { Failure, Loading } from '../components/state.tsx'
import { formatBytes, formatCount, formatTime, shortId } from '../format.ts'
import { useTitle } from '../title.ts'

const samplesMax = 128
const secondMs = 1000

/** One blob: its certificate, who holds which row, and sampling by this browser. */
export function BlobPage({ commitment }: { commitment: string }) {
  useTitle(`Blob ${shortId(commitment)}`)
  const certificate = useLoad(commitment, (signal) => fetchCertificate(commitment, signal))
  const blob = useLoad(commitment, async (signal) => {
    const { openBlob } = await import('../api/blob-sampling.ts')
    return openBlob(commitment, signal)
  })
  const error = certificate.error ?? blob.error
  return (
    <>
      <PageHead kind="Blob" title={shortId(commitment)}>
        <Id id={commitment} whole />
      </PageHead>
      {error !== undefined && <Failure error={error} onRetry={certificate.reload} />}
      {certificate.isLoading && <Loading rows={4} />}
      {certificate.value !== undefined && <Certificate facts={certificate.value} />}
      {blob.value !== undefined && <Sampling blob={blob.value} />}
    </>
  )
}

function Certificate({ facts }: { facts: CertificateFacts }) {
  const { lengthBytes, k, n, hash, epoch, expiresAtSeconds, members, signers, commitment } = facts
  return (
    <Panel
      title="Certificate"
      aside={
        <a href={`/da/blobs/${commitment}`} download={commitment}>
          save the blob
        </a>
      }
    >
      <Facts
        facts={[
          ['Size', formatBytes(lengthBytes)],
          ['Code', `any ${k} of ${n} rows rebuild it, ${hash}`],
          ['Signed by', `${formatCount(signers.length)} of ${formatCount(members)} storers`],
          ['Epoch', formatCount(epoch)],
          [
            'Kept until',
            expiresAtSeconds === null ? 'always' : formatTime(expiresAtSeconds * secondMs),
          ],
        ]}
      />
    </Panel>
  )
}

type Counts = { readonly good: number; readonly missing: number }

/** Draws pieces one after the other and checks each here; the confidence is this browser's own. */
function Sampling({ blob }: { blob: SampledBlob }) {
  const [states, setStates] = useState<ReadonlyMap<number, RowState>>(new Map())
  const [counts, setCounts] = useState<Counts>({ good: 0, missing: 0 })
  const [isRunning, setRunning] = useState(false)
  const gone = useRef(new AbortController())
  useEffect(() => () => gone.current.abort(), [])
  const stop = () => {
    gone.current.abort()
    setRunning(false)
  }
  const start = async () => {
    gone.current = new AbortController()
    const { signal } = gone.current
    setRunning(true)
    for (let drawn = 0; drawn < samplesMax && !signal.aborted; drawn++) {
      const { row, isThere } = await blob.sample(signal)
      if (signal.aborted) return
      setStates((all) => new Map(all).set(row, isThere ? 'there' : 'missing'))
      setCounts(({ good, missing }) => ({
        good: good + (isThere ? 1 : 0),
        missing: missing + (isThere ? 0 : 1),
      }))
    }
    setRunning(false)
  }
  const confidence = counts.missing > 0 ? 0 : blob.confidence(counts.good)
  return (
    <Panel
      title="Who holds which row"
      aside={
        <button type="button" class="button" onClick={isRunning ? stop : () => void start()}>
          {isRunning ? 'Stop' : 'Sample it here'}
        </button>
      }
    >
      <div class="pad sampling" aria-live="polite">
        <progress value={confidence} max={1} aria-label="Confidence" />
        <p>{toldOf(counts, confidence)}</p>
      </div>
      <RowGrid holders={blob.holders} states={states} />
    </Panel>
  )
}

function toldOf({ good, missing }: Counts, confidence: number): string {
  if (missing > 0) return `${missing} of ${good + missing} samples were not given: a gap.`
  if (good === 0) return 'Draw rows by chance of your own: what cannot be rebuilt shows a gap.'
  const drawn = `${formatCount(good)} samples, all there.`
  return `${drawn} A blob that cannot be rebuilt would have shown a gap with ${percent(confidence)}.`
}

/** More nines rather than a round hundred. */
function percent(part: number): string {
  // Once every row was seen
  if (part >= 1) return '100 %'
  const digits = part > 0.999 ? 6 : 1
  return `${(Math.floor(part * 10 ** (digits + 2)) / 10 ** digits).toFixed(digits)} %`
}
