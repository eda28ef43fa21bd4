import { readFileSync } from 'node:fs'
import { encodeBase64Url } from '@heddle/protocol/base'
import { parseItem, tagValue, verifyItem } from '@heddle/protocol/item'
import { describe, expect, it } from 'vitest'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { buildPrelude } from './build-prelude.ts'
import { compileJsGuest, jsGuestFormat, preludeSection } from './compile.ts'
import { buildJsModule, buildJsModuleData, jsModuleId } from './module.ts'
import { readArchive, writeArchive } from './prelude-archive.ts'
import { appendCustomSection, capMemory, readCustomSection } from './wasm-sections.ts'

const { disk } = createRuntime()
const engine = async () => {
  const data = await buildJsModuleData(disk)
  return data.subarray(0, 637_405)
}

describe('the module item', () => {
  it('has the frozen id on every machine, and a true signature', async () => {
    const item = await buildJsModule(nodeCrypto, disk)
    expect(item.id).toBe(jsModuleId)
    expect(parseItem(item.bytes, nodeCrypto).id).toBe(jsModuleId)
    expect(await verifyItem(item, nodeCrypto)).toBe(true)
    expect(encodeBase64Url(nodeCrypto.sha256(item.signature))).toBe(jsModuleId)
    expect(tagValue(item.tags, 'Module-Format')).toBe(jsGuestFormat)
    expect(tagValue(item.tags, 'Memory-Limit')).toBe('64-mb')
  })

  it('holds the prelude as it is in the sources', async () => {
    const built = buildPrelude()
    const hint = 'run: node packages/node/src/compute/guest-js/build-prelude.ts'
    expect(readFileSync(new URL('prelude.txt', import.meta.url), 'utf8'), hint).toBe(built)
    const section = readCustomSection(await buildJsModuleData(disk), preludeSection)
    expect(Buffer.from(section ?? []).toString()).toBe(built)
  })

  it('says which file is missing', async () => {
    const empty = { ...disk, read: async () => undefined }
    await expect(buildJsModule(nodeCrypto, empty)).rejects.toMatchObject({ code: 'engine-missing' })
  })
})

describe('compileJsGuest', () => {
  const prelude = (source: string) =>
    new TextEncoder().encode(writeArchive([{ name: 'main.ts', source }]))

  it('refuses all but the engine of the format', async () => {
    const changed = new Uint8Array(await buildJsModuleData(disk))
    changed[600_000] = (changed[600_000] ?? 0) ^ 1
    for (const bytes of [changed, new Uint8Array(0), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)]) {
      await expect(compileJsGuest(bytes)).rejects.toMatchObject({ code: 'module-invalid' })
    }
  })

  it.each([
    ['throws', 'throw new Error("broken prelude")\n', /broken prelude/],
    ['is no JavaScript', 'let let\n', /does not start/],
    ['never ends', 'for (;;);\n', /does not start/],
    ['offers nothing to call', 'globalThis.heddleBridge = {}\n', /begin and finish/],
  ])('refuses a prelude that %s', async (_name, source, reason) => {
    const bytes = appendCustomSection(await engine(), preludeSection, prelude(source))
    await expect(compileJsGuest(bytes)).rejects.toThrow(reason)
  })

  it('refuses a module without a prelude, or with one that is no archive', async () => {
    await expect(compileJsGuest(await engine())).rejects.toThrow(
      /no custom section heddle\.prelude/,
    )
    const bytes = appendCustomSection(await engine(), preludeSection, Uint8Array.of(1, 2))
    await expect(compileJsGuest(bytes)).rejects.toThrow(/no archive/)
  })
})

describe('sections and archives', () => {
  it('are read as they were written', async () => {
    const files = [
      { name: 'a.ts', source: 'one\n\ntwo\n' },
      { name: 'b.ts', source: '' },
      { name: 'c.ts', source: '// é\n' },
    ]
    const archive = new TextEncoder().encode(writeArchive(files))
    expect(readArchive(archive)).toEqual(files)
    const module = appendCustomSection(await engine(), 'x', archive)
    expect(readCustomSection(module, 'x')).toEqual(archive)
    expect(readCustomSection(module, 'y')).toBeUndefined()
    expect(() => readCustomSection(module.subarray(0, -1), 'x')).toThrow(
      /too early|leaves the file/,
    )
  })

  it('cap the memory so that the embedder refuses to grow it', async () => {
    const module = await WebAssembly.compile(
      capMemory(await engine(), 20) as Uint8Array<ArrayBuffer>,
    )
    const imports: WebAssembly.Imports = {}
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] = { ...imports[from], [name]: () => 0 }
    }
    const { memory } = (await WebAssembly.instantiate(module, imports)).exports
    expect((memory as WebAssembly.Memory).grow(2)).toBe(18)
    expect(() => (memory as WebAssembly.Memory).grow(1)).toThrow(RangeError)
  })
})
