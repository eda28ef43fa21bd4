import { imageInvalid } from '../errors.ts'
import { globalExportName } from '../module/expose-globals.ts'
import type { ModuleShape } from '../module/shape.ts'

/** Host state of an image: has it booted (u8), then the mutable globals, 8 bytes each. */
export function readGlobalState(
  shape: ModuleShape,
  exports: WebAssembly.Exports,
  booted: boolean,
): Uint8Array {
  const bytes = new Uint8Array(1 + shape.mutableGlobals.length * 8)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, booted ? 1 : 0)
  shape.mutableGlobals.forEach(({ index, kind }, i) => {
    const { value } = exports[globalExportName(index)] as WebAssembly.Global
    const at = 1 + i * 8
    if (kind === 'i32') view.setInt32(at, value, true)
    else if (kind === 'i64') view.setBigInt64(at, value, true)
    else if (kind === 'f32') view.setFloat32(at, value, true)
    else view.setFloat64(at, value, true)
  })
  return bytes
}

/** Sets the globals as they were and tells whether the guest was booted. */
export function writeGlobalState(
  shape: ModuleShape,
  exports: WebAssembly.Exports,
  bytes: Uint8Array,
): boolean {
  if (bytes.length !== 1 + shape.mutableGlobals.length * 8)
    throw imageInvalid('it was taken from another module')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  shape.mutableGlobals.forEach(({ index, kind }, i) => {
    const target = exports[globalExportName(index)] as WebAssembly.Global
    const at = 1 + i * 8
    if (kind === 'i32') target.value = view.getInt32(at, true)
    else if (kind === 'i64') target.value = view.getBigInt64(at, true)
    else if (kind === 'f32') target.value = view.getFloat32(at, true)
    else target.value = view.getFloat64(at, true)
  })
  return view.getUint8(0) === 1
}
