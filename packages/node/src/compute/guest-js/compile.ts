import { errorMessage, toHex } from '@heddle/protocol/base'
import { nodeCrypto } from '../../runtime/index.ts'
import {
  guestHostFailure,
  imageInvalid,
  memoryLimitTooLow,
  moduleInvalid,
} from '../guest/errors.ts'
import type { Guest, GuestModule, GuestOptions, MemoryImage } from '../guest/ports.ts'
import type { Prepare } from '../prepare/cache.ts'
import { createEngine } from './create-engine.ts'
import type { Engine } from './engine.ts'
import { createJsGuest } from './guest.ts'
import { readArchive } from './prelude-archive.ts'
import { captureEngine, findPresentPages, restoreEngine } from './snapshot.ts'
import { type Layout, startEngine } from './start.ts'
import { capMemory, readCustomSection } from './wasm-sections.ts'
import { createWorld } from './world.ts'

/** `Module-Format` of modules made of a quickjs-wasi engine and a prelude. */
export const jsGuestFormat = 'wasm32-wasi-quickjs-heddle3'

/** The engine of this format. */
const jsEngine = {
  name: 'quickjs-wasi 3.6.2',
  byteLength: 637_405,
  sha256: 'd4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9',
} as const

/** Custom section that holds the prelude. */
export const preludeSection = 'heddle.prelude'

const wasmPageBytes = 65_536
/** The usual Memory-Limit, so that one compilation serves the start and most processes. */
const startBytes = 64 * 2 ** 20
const addressedBytes = 2 ** 32

/** What all processes of a module share. */
type Program = {
  readonly bytes: Uint8Array
  readonly layout: Layout
  /** The started prelude: every process begins as a copy of it. */
  readonly start: MemoryImage
  readonly freshPages: Uint32Array
  /** The same module with its memory capped at so many pages; nearly always one or two. */
  readonly compiled: Map<number, Promise<WebAssembly.Module>>
  /** Instances at rest whose actors left, for actors that come back. */
  readonly spares: Spare[]
}

type Spare = { readonly engine: Engine; readonly limitBytes: number }

/**
 * To make an instance costs more than to give it a state, and V8 collects the old ones late. What these hold stays
 * resident, so only small ones are kept.
 */
const sparesMax = 4
const spareBytesMax = 4 * 2 ** 20

/**
 * Compiles a module of the js format, prepared where `prepare` is given, and starts its prelude
 * once. Throws `module-invalid`.
 * Takes some 50 ms; share the result between processes.
 */
export async function compileJsGuest(given: Uint8Array, prepare?: Prepare): Promise<GuestModule> {
  const prelude = readPrelude(given)
  const bytes = (await prepare?.(given, jsGuestFormat, { callsBack })) ?? given
  const compiled: Program['compiled'] = new Map()
  const module = await compileCapped(bytes, compiled, startBytes)
  const freshPages = findPresentPages(createEngine(module, createWorld(), startBytes))
  const engine = createEngine(module, createWorld(), startBytes)
  const layout = startEngine(engine, readArchive(prelude))
  const start = captureEngine(engine)
  const program: Program = { bytes, layout, start, freshPages, compiled, spares: [] }
  return {
    format: jsGuestFormat,
    start,
    instantiate: (options) => openGuest(program, options),
  }
}

/** Imports of the engine that call it: evaluation of scripts, and freeing what they are given. */
function callsBack(importName: string): boolean {
  return importName.startsWith('env.host_')
}

async function openGuest(program: Program, options: GuestOptions): Promise<Guest> {
  const { start, freshPages, layout, spares } = program
  const image = options.image ?? start
  const limit = Math.min(options.memoryBytes, addressedBytes)
  if (image.byteLength > limit) throw memoryLimitTooLow(image.byteLength, limit)
  if (image.byteLength < start.byteLength) {
    throw imageInvalid(`it is shorter than the ${start.byteLength} bytes an actor begins with`)
  }
  const world = createWorld(options.print, options.models)
  let engine = takeSpare(spares, limit, image)
  if (engine === undefined) {
    const module = await compileCapped(program.bytes, program.compiled, limit)
    engine = createEngine(module, world, limit)
    restoreEngine(engine, image, freshPages)
  } else {
    engine.world = world
    restoreEngine(engine, image)
  }
  return createJsGuest(engine, layout, (retired) => retire(spares, retired, limit))
}

/** Nothing of the actor it had is left in one once it has an image's memory and a world of its own. */
function takeSpare(spares: Spare[], limitBytes: number, image: MemoryImage): Engine | undefined {
  const place = spares.findIndex(
    ({ engine, limitBytes: own }) =>
      own === limitBytes && engine.exports.memory.buffer.byteLength <= image.byteLength,
  )
  return place < 0 ? undefined : spares.splice(place, 1)[0]?.engine
}

function retire(spares: Spare[], engine: Engine, limitBytes: number): void {
  if (engine.exports.memory.buffer.byteLength > spareBytesMax) return
  // What the actor printed to and the models it called are not held on to.
  engine.world = createWorld()
  spares.unshift({ engine, limitBytes })
  spares.splice(sparesMax)
}

function compileCapped(
  bytes: Uint8Array,
  compiled: Program['compiled'],
  limitBytes: number,
): Promise<WebAssembly.Module> {
  const pages = Math.floor(limitBytes / wasmPageBytes)
  const known = compiled.get(pages)
  if (known !== undefined) return known
  const capped = capMemory(bytes, pages) as Uint8Array<ArrayBuffer>
  const module = WebAssembly.compile(capped).catch((error: unknown) => {
    compiled.delete(pages)
    if (error instanceof RangeError) throw guestHostFailure(errorMessage(error), error)
    throw moduleInvalid(errorMessage(error), error)
  })
  compiled.set(pages, module)
  return module
}

/**
 * The engine must be the one this format means, byte for byte: so no foreign WASM gets near these
 * imports, and what was checked of the engine once (no threads, no relaxed SIMD, one mutable global,
 * the stack pointer, at rest between messages) holds for every module.
 */
function readPrelude(bytes: Uint8Array): Uint8Array {
  const digest = toHex(nodeCrypto.sha256(bytes.subarray(0, jsEngine.byteLength)))
  if (digest !== jsEngine.sha256) {
    throw moduleInvalid(`${jsGuestFormat} is ${jsEngine.name} and a prelude, and this is not`)
  }
  const prelude = readCustomSection(bytes, preludeSection)
  if (prelude === undefined) throw moduleInvalid(`it has no custom section ${preludeSection}`)
  return prelude
}
