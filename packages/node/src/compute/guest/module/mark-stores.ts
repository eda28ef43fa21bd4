import { encodeText, isHeddleError } from '@heddle/protocol/base'
import { ByteWriter } from '../../prepare/byte-writer.ts'
import { type DecodedModule, decodeModule, sectionId } from '../../prepare/decode.ts'
import { extendSection } from '../../prepare/extend-section.ts'
import { walkBody } from '../../prepare/walk.ts'
import { imagePageBytes } from '../ports.ts'
import { ByteReader } from './byte-reader.ts'
import { MarkedBody } from './marked-body.ts'

/**
 * A module that notes where it writes: a second memory gets a byte 1 for each page that may have been
 * written, so that the state can be read and set without looking at memory that was never used: an aos
 * process has 2 MB in 105. The first memory, globals and gas are what they are without. Costs a twelfth of a message
 * of aos. Byte `p` stands for page `p` and the one behind it: a store names its place by an address and
 * an offset, and the address alone is what is noted.
 */

/** Export of the second memory. */
export const marksName = 'heddle:marks'

const wasmPageBytes = 65_536
/** One byte for each page of 4 GiB. */
const marksWasmPages = 2 ** 32 / imagePageBytes / wasmPageBytes
const exportedMemory = 2

/**
 * The module with marks; undefined where it stays as it is: a 64-bit memory, an engine without
 * second memories, a size beyond a limit. `bytes` are a valid module.
 */
export function markStores(bytes: Uint8Array): Uint8Array | undefined {
  const module = decodedWithin(bytes)
  if (module === undefined || module.memory64 || module.exportNames.has(marksName)) return undefined
  const memory = new ByteWriter(8)
  memory.bytes([1, marksWasmPages, marksWasmPages])
  const exported = new ByteWriter(24)
  exported.sized(encodeText(marksName))
  exported.bytes([exportedMemory, 1])
  const added = new Map([
    [sectionId.memory as number, memory.take()],
    [sectionId.export, exported.take()],
  ])
  const out = new ByteWriter(bytes.length * 2)
  out.bytes(bytes.subarray(0, 8))
  for (const [id, { start, end }] of module.sections) {
    const section = new ByteWriter()
    const more = added.get(id)
    if (id === sectionId.code) writeCode(section, module)
    else if (more !== undefined) extendSection(section, bytes.subarray(start, end), [more])
    else section.bytes(bytes.subarray(start, end))
    out.byte(id)
    out.sized(section.view())
  }
  const marked = out.take()
  return WebAssembly.validate(marked as Uint8Array<ArrayBuffer>) ? marked : undefined
}

/** A module whose functions are there twice may be beyond what is taken from outside. */
function decodedWithin(bytes: Uint8Array): DecodedModule | undefined {
  try {
    return decodeModule(bytes)
  } catch (error) {
    if (isHeddleError(error, 'module-invalid')) return undefined
    throw error
  }
}

function writeCode(section: ByteWriter, module: DecodedModule): void {
  const { bytes, bodies, functions, functionImports, types } = module
  section.unsigned(bodies.length)
  bodies.forEach((range, i) => {
    const type = types[functions[functionImports.length + i] ?? -1]
    const reader = new ByteReader(bytes, range.start, range.end)
    let localCount = type?.params.length ?? 0
    const groups = reader.unsigned()
    const groupsAt = reader.at
    for (let left = groups; left > 0; left--) {
      localCount += reader.unsigned()
      reader.skip(1)
    }
    const body = new MarkedBody(bytes, { start: reader.at, end: range.end }, localCount)
    walkBody(module, range, (code, at, operandsAt, end) => body.step(code, at, operandsAt, end))
    section.sized(body.finish(groups, bytes.subarray(groupsAt, reader.at)))
  })
}
