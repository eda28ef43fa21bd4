import { decodeBase64Url } from '@heddle/protocol/base'
import { parseReference, type SampleInput } from '@heddle/sdk'
import { type Given, numberFlag, usageError } from '../command.ts'
import { answer } from '../output.ts'
import { readWholeManifest } from './da-manifest.ts'
import { createProgressBar } from './da-progress.ts'
import { connectDaReader } from './da-reader.ts'

const samplesMax = 100_000

/** `heddle da sample BLOB`: exit code 1 where there is a gap. */
export async function sampleCommandOfDa({ values: [name], flags, signal }: Given): Promise<number> {
  if (name === undefined) throw usageError('heddle da sample: name a commitment or a manifest')
  const rows = numberFlag(flags, 'rows', 256)
  const pieces = numberFlag(flags, 'pieces', samplesMax)
  const bits = numberFlag(flags, 'bits', 100)
  if (rows !== undefined && pieces !== undefined) {
    throw usageError('heddle da sample: give --rows or --pieces, not both')
  }
  const of = pieces === undefined ? ('rows' as const) : ('pieces' as const)
  const count = rows ?? pieces
  const da = await connectDaReader(flags)
  const manifest = await readWholeManifest(name)
  const references = manifest?.parts.map((part) => part.reference) ?? [name]
  const certificates = manifest?.parts.map((part) => decodeBase64Url(part.certificate))
  const reports = []
  for (const [at, reference] of references.entries()) {
    const bar = createProgressBar('sampling')
    const { commitment, ...range } = parseReference(reference)
    const input: SampleInput = {
      of,
      signal,
      ...(of === 'pieces' ? range : {}),
      ...(count === undefined ? {} : { samples: count }),
      ...(bits === undefined ? {} : { bits }),
      onProgress: (done, samples) => bar.show(done, samples),
    }
    const given = certificates?.[at] ?? commitment
    reports.push(await da.sample(given, input).finally(() => bar.end()))
  }
  const lines = reports.map(({ commitment, samples, gaps, confidence, formula }) => {
    const found = gaps === 0 ? `confidence ${confidence}` : `${gaps} gaps, so no confidence`
    return `${commitment}  ${samples.length} ${of}  ${found}  = ${formula}`
  })
  answer(flags.json === true, reports, lines.join('\n'))
  return reports.some(({ gaps }) => gaps > 0) ? 1 : 0
}
