import { HeddleError } from '@heddle/protocol/base'
import { type Given, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, remark } from '../output.ts'
import { createProgressBar } from './da-progress.ts'

/** A line of `POST /da/repair/:storer`. */
type Line = {
  readonly done?: number
  readonly total?: number
  readonly blobs?: number
  readonly rows?: number
  readonly fingerprints?: number
  readonly failed?: string
  readonly error?: string
}

/** `heddle da repair STORER`: the node rebuilds what the storer lost. Exit code 1 where some stays lost. */
export async function repairCommandOfDa({ values: [name], flags, signal }: Given): Promise<number> {
  if (name === undefined) {
    throw usageError('heddle da repair: name a storer by its key (heddle da storers)')
  }
  const { transport } = connect(flags)
  const path = `/da/repair/${encodeURIComponent(name)}`
  const response = await transport.open(path, { method: 'POST', signal })
  const bar = createProgressBar('repairing')
  let last: Line = {}
  let failures = 0
  try {
    for await (const line of linesOf(response)) {
      last = line
      if (line.done !== undefined) bar.show(line.done, line.total ?? line.done)
      if (line.failed === undefined) continue
      failures++
      remark(line.failed)
    }
  } finally {
    bar.end()
  }
  const { blobs, rows, fingerprints = 0, error = 'the node broke off' } = last
  if (blobs === undefined) {
    const text = `the repair ended early: ${error}; run it again, it goes on where it was`
    throw new HeddleError('da-repair-failed', 'unavailable', text)
  }
  const text =
    `${rows} rows and ${fingerprints} sets of fingerprints of ${blobs} blobs given back, ` +
    `${failures} blobs could not be rebuilt`
  answer(flags.json === true, { storer: name, blobs, rows, fingerprints, failures }, text)
  return failures === 0 ? 0 : 1
}

async function* linesOf({ body }: Response): AsyncGenerator<Line> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const bytes of body ?? []) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as Line
  }
}
