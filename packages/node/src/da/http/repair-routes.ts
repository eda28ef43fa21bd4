import { encodeBase64Url, encodeText, errorMessage } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateCommitment,
  isExpired,
  storerDirectoryFromJson,
} from '@heddle/protocol/certificate'
import type { Route } from '../../network/index.ts'
import type { LaneHandler } from '../lane/lane.ts'
import { type Repaired, repairStorer } from '../retriever/repair.ts'
import { repairBusy, repairUnknown } from './errors.ts'
import type { DaDeps } from './ports.ts'

/**
 * `POST /repair/:storer`: gives a storer back the rows it was drawn for and has not, of all blobs known here.
 * Lines of JSON: `{done, total, rows}` after each blob, `{failed}` for one that cannot be rebuilt now, at last
 * `{blobs, rows, fingerprints}` or `{error}`. It stops when the caller goes away; one at a time.
 */
export function repairRoutes(deps: DaDeps): Route[] {
  let isBusy = false
  return [
    {
      method: 'POST',
      path: '/repair/:storer',
      handle({ params, signal }) {
        const storer = storerOf(deps, params.storer ?? '')
        if (isBusy) throw repairBusy()
        isBusy = true
        const stop = new AbortController()
        const done = () => {
          isBusy = false
        }
        const lines = repair(deps, storer, AbortSignal.any([signal, stop.signal]), done)
        const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' }
        return { status: 200, headers, body: stoppable(lines, stop) }
      },
    },
  ]
}

function storerOf({ directory }: DaDeps, name: string): Uint8Array {
  const { storers } = storerDirectoryFromJson(directory())
  const found = storers.find(({ key }) => encodeBase64Url(key) === name)
  if (found === undefined) throw repairUnknown(name)
  return found.key
}

type Line = object

/** Begins at once, so that `done` is called whoever reads. */
function repair(
  deps: DaDeps,
  storer: Uint8Array,
  signal: AbortSignal,
  done: () => void,
): AsyncGenerator<Line> {
  const lines: Line[] = []
  let wake = () => {}
  let isOver = false
  const tell = (line: Line) => {
    lines.push(line)
    wake()
  }
  const work = run(deps, storer, signal, tell)
    .then(tell, (error: unknown) => tell({ error: errorMessage(error) }))
    .finally(() => {
      isOver = true
      done()
      wake()
    })
  return (async function* () {
    while (!isOver || lines.length > 0) {
      yield* lines.splice(0)
      if (isOver || lines.length > 0) continue
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    await work
  })()
}

async function run(
  { certificates, clock, lane, retriever }: DaDeps,
  storer: Uint8Array,
  signal: AbortSignal,
  tell: (line: Line) => void,
): Promise<Repaired> {
  const total = certificates.count()
  const handle: LaneHandler = async (kind, meta, body, _peer, late) => {
    const reply = await lane.call(storer, kind, meta, [body], late)
    return { meta: reply.meta, bodyParts: [reply.body] }
  }
  return repairStorer({
    storer,
    handle,
    retriever,
    certificates: unexpired(certificates.all(), clock.nowMs()),
    signal,
    onProgress: (blobsDone, rows) => tell({ done: blobsDone, total, rows }),
    onFailure: (certificate, error) => {
      const commitment = encodeBase64Url(certificateCommitment(certificate))
      tell({ failed: `${commitment}: ${errorMessage(error)}` })
    },
  })
}

async function* unexpired(certificates: AsyncIterable<Certificate>, nowMs: number) {
  for await (const certificate of certificates) {
    if (!isExpired(certificate.expiresAtSeconds, nowMs / 1000)) yield certificate
  }
}

/** The reader's leaving stops the work. */
async function* stoppable(lines: AsyncGenerator<Line>, stop: AbortController) {
  try {
    for await (const line of lines) yield encodeText(`${JSON.stringify(line)}\n`)
  } finally {
    stop.abort(new Error('the caller went away'))
  }
}
