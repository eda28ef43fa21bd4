import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

/** The repository's root, which a program's imports are resolved from. */
export const bundleRoot = fileURLToPath(new URL('..', import.meta.url))

type Given = {
  /** Name that the program goes by. */
  readonly entry: string
  readonly program: string
  /** How its exports and parts are treated; else as vite does. */
  readonly rolldown?: Omit<Rolldown.InputOptions & { output?: Rolldown.OutputOptions }, 'input'>
}

/** A program's text, built for browsers as an application would be; the scripts that come out. */
export async function bundleProgram({ entry, program, rolldown }: Given) {
  const path = `${bundleRoot}${entry}`
  const built = await build({
    configFile: false,
    root: bundleRoot,
    logLevel: 'silent',
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === entry ? path : null),
        load: (id) => (id === path ? program : null),
      },
    ],
    build: {
      write: false,
      target: 'es2024',
      rollupOptions: { ...rolldown, input: entry },
      modulePreload: false,
    },
  })
  const [{ output } = { output: [] }] = [built].flat() as Rolldown.RolldownOutput[]
  return output.flatMap((part) => (part.type === 'chunk' ? [part] : []))
}
