import { HeddleError } from '@heddle/protocol/base'
import { type Given, idArgument, textFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { readInput } from '../file.ts'
import { answer } from '../output.ts'
import { createProgressBar } from './da-progress.ts'
import { parseJson } from './da-verify.ts'

const pageRanges = 1000

/** `heddle da recover PROCESS`: a log from rows alone, into the data folder of a node that is not running. */
export async function recoverCommandOfDa({ values, flags, signal }: Given): Promise<number> {
  const processId = idArgument('process', values[0])
  const storerSetFile = textFlag(flags, 'storer-set')
  const source = textFlag(flags, 'certificates')
  const dataFolder = textFlag(flags, 'data')
  if (storerSetFile === undefined || source === undefined || dataFolder === undefined) {
    const want = '--storer-set FILE, --certificates FILE|URL and --data DIR'
    throw usageError(`heddle da recover: give ${want}`)
  }
  // Loaded here, since most commands need no node.
  const { rangesFromJson, recoverProcessLog } = await import('@heddle/node/main')
  const ranges = /^https?:/.test(source)
    ? (await pagesOf(source, processId, signal)).flatMap(rangesFromJson)
    : rangesFromJson(parseJson(source, await readInput(source)))
  if (ranges.length === 0) throw nothingCertified(processId)
  const bar = createProgressBar('recovering')
  const recovered = await recoverProcessLog({
    processId,
    storerSetFile,
    ranges,
    dataFolder,
    keyFile: textFlag(flags, 'key'),
    scheduler: textFlag(flags, 'scheduler'),
    signal,
    onProgress: (slots, total) => bar.show(slots, total),
  }).finally(() => bar.end())
  const { slots, scheduler, isOwn } = recovered
  const next = isOwn
    ? `heddle up --data ${dataFolder} goes on with it`
    : 'this folder has another key, so its node only reads it (--key FILE)'
  answer(flags.json === true, recovered, `${slots} slots, signed by ${scheduler}; ${next}`)
  return 0
}

/** All ranges that a node tells of. */
async function pagesOf(url: string, processId: string, signal: AbortSignal): Promise<object[]> {
  const { transport } = connect({ url: url.replace(/\/$/, '') })
  const pages: object[] = []
  for (let from: number | undefined = 0; from !== undefined; ) {
    const path = `/su/availability/${processId}?from=${from}&limit=${pageRanges}`
    const page = (await transport.get(path, signal)).json() as { readonly next?: number }
    pages.push(page)
    from = page.next !== undefined && page.next > from ? page.next : undefined
  }
  return pages
}

function nothingCertified(processId: string): HeddleError {
  const text = `no slot of ${processId} is certified: ask the node that scheduled it`
  return new HeddleError('log-not-certified', 'missing', text, { processId })
}
