import { concatBytes, encodeText } from '@heddle/protocol/base'
import { ByteReader, encodeUnsigned } from './byte-reader.ts'
import type { ModuleShape } from './shape.ts'

const importSection = 2
const exportSection = 7

/** Names as they are → names as they shall be; imports as `module.name`. */
export type Names = {
  readonly imports: ReadonlyMap<string, string>
  readonly exports: ReadonlyMap<string, string>
}

/** The same module with other names at its borders. An export keeps its name where the new one is taken. */
export function renameBorders(bytes: Uint8Array, shape: ModuleShape, names: Names): Uint8Array {
  const parts: Uint8Array[] = [bytes.subarray(0, 8)]
  for (const { id, head, start, end } of shape.sections) {
    if (id !== importSection && id !== exportSection) parts.push(bytes.subarray(head, end))
    else {
      const reader = new ByteReader(bytes, start, end)
      const entries =
        id === importSection
          ? renamedImports(reader, names.imports)
          : renamedExports(reader, names.exports, shape)
      const body = concatBytes([Uint8Array.from(encodeUnsigned(entries.length)), ...entries])
      parts.push(Uint8Array.from([id, ...encodeUnsigned(body.length)]), body)
    }
  }
  return concatBytes(parts)
}

function renamedImports(reader: ByteReader, names: Names['imports']): Uint8Array[] {
  return entriesOf(reader, () => {
    const [space, name] = [reader.name(), reader.name()]
    const known = names.get(`${space}.${name}`)
    const dot = known?.indexOf('.') ?? 0
    const at = reader.at
    skipImport(reader)
    const kind = reader.bytes.subarray(at, reader.at)
    return known === undefined
      ? concatBytes([encodeName(space), encodeName(name), kind])
      : concatBytes([encodeName(known.slice(0, dot)), encodeName(known.slice(dot + 1)), kind])
  })
}

function renamedExports(
  reader: ByteReader,
  names: Names['exports'],
  { exports }: ModuleShape,
): Uint8Array[] {
  return entriesOf(reader, () => {
    const name = reader.name()
    const known = names.get(name)
    const at = reader.at
    reader.byte()
    reader.skipNumber()
    const index = reader.bytes.subarray(at, reader.at)
    const isFree = known !== undefined && !exports.has(known)
    return concatBytes([encodeName(isFree ? known : name), index])
  })
}

function entriesOf(reader: ByteReader, next: () => Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let left = reader.unsigned(); left > 0; left--) entries.push(next())
  return entries
}

/** Kind and type of an import: a function's type, a table's, a memory's limits, a global's type. */
function skipImport(reader: ByteReader): void {
  const kind = reader.byte()
  if (kind === 1 || kind === 3) reader.byte()
  if (kind === 1 || kind === 2) {
    const hasMaximum = (reader.byte() & 1) !== 0
    reader.skipNumber()
    if (hasMaximum) reader.skipNumber()
  } else if (kind === 3) reader.byte()
  else if (kind === 4) {
    reader.byte()
    reader.skipNumber()
  } else reader.skipNumber()
}

function encodeName(name: string): Uint8Array {
  const bytes = encodeText(name)
  return concatBytes([Uint8Array.from(encodeUnsigned(bytes.length)), bytes])
}
