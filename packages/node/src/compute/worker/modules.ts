import { assert } from '@heddle/protocol/base'
import { moduleFormatUnknown } from '../guest/errors.ts'
import type { GuestModule } from '../guest/ports.ts'

/** Compiles a module's bytes; rejects with the reason where it can never run. */
export type CompileModule = (bytes: Uint8Array) => Promise<GuestModule>

/** What this node runs, by `Module-Format`. */
export type ModuleFormats = ReadonlyMap<string, CompileModule>

/** The formats, and those whose programs are imported when a module of them comes. */
export function withMoreFormats(
  formats: ModuleFormats,
  more: Readonly<Record<string, string>>,
): ModuleFormats {
  const all = new Map(formats)
  for (const [format, url] of Object.entries(more)) {
    all.set(format, async (bytes) => {
      const program = (await import(url)) as { readonly compileModule: CompileModule }
      return await program.compileModule(bytes)
    })
  }
  return all
}

/** Compiled modules of one thread. */
export class Modules {
  readonly #formats: ModuleFormats
  readonly #compiled = new Map<string, GuestModule>()

  constructor(formats: ModuleFormats) {
    this.#formats = formats
  }

  /** Resolves with what the module takes on this thread; see `GuestModule`. */
  async load(moduleId: string, format: string, bytes: Uint8Array): Promise<number> {
    const known = this.#compiled.get(moduleId)
    if (known !== undefined) return known.heldBytes ?? 0
    const compile = this.#formats.get(format)
    if (compile === undefined) throw moduleFormatUnknown(format, [...this.#formats.keys()])
    const module = await compile(bytes)
    this.#compiled.set(moduleId, module)
    return module.heldBytes ?? 0
  }

  /** The unit sends a module before the first process of it. */
  get(moduleId: string): GuestModule {
    const module = this.#compiled.get(moduleId)
    assert(module !== undefined, `module ${moduleId} was sent to this thread`)
    return module
  }

  forget(moduleId: string): void {
    this.#compiled.delete(moduleId)
  }
}
