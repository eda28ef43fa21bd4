import { concatBytes, encodeText } from '@heddle/protocol/base'
import { moduleInstructionRefused, moduleInvalid } from '../errors.ts'
import { ByteReader, encodeUnsigned } from './byte-reader.ts'
import type { ModuleShape } from './shape.ts'

const exportSectionId = 7
const globalExportKind = 3

/** Name under which the n-th of the module's mutable globals is exported for images. */
export function globalExportName(index: number): string {
  return `heddle:global:${index}`
}

/**
 * The same module with its mutable globals exported. A stack pointer or an asyncify state lives in
 * no memory; without them a restored process could differ from one that was never stopped.
 */
export function exposeGlobals(bytes: Uint8Array, shape: ModuleShape): Uint8Array {
  for (const { index, kind } of shape.mutableGlobals) {
    if (shape.exports.has(globalExportName(index)))
      throw moduleInvalid(`it exports the reserved name ${globalExportName(index)}`)
    if (kind === 'other')
      throw moduleInstructionRefused(
        'a mutable vector or reference global',
        'its value cannot be kept in a memory image',
      )
  }
  const section = shape.sections.find(({ id }) => id === exportSectionId)
  if (section === undefined || shape.mutableGlobals.length === 0) return bytes
  const reader = new ByteReader(bytes, section.start, section.end)
  const count = reader.unsigned()
  const body = concatBytes([
    Uint8Array.from(encodeUnsigned(count + shape.mutableGlobals.length)),
    bytes.subarray(reader.at, section.end),
    ...shape.mutableGlobals.map(({ index }) => globalExport(index)),
  ])
  return concatBytes([
    bytes.subarray(0, section.head),
    Uint8Array.from([exportSectionId, ...encodeUnsigned(body.length)]),
    body,
    bytes.subarray(section.end),
  ])
}

function globalExport(index: number): Uint8Array {
  const name = encodeText(globalExportName(index))
  return Uint8Array.from([
    ...encodeUnsigned(name.length),
    ...name,
    globalExportKind,
    ...encodeUnsigned(index),
  ])
}
