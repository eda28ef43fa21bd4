import { commandsPage, settingsPage } from './commands-page.ts'
import { errorsPage } from './errors-page.ts'
import { httpPage, openApi } from './http-page.ts'
import { limitsPage } from './limits-page.ts'
import { metricsPage } from './metrics-page.ts'
import { printJson } from './print-json.ts'
import type { SampleNode } from './sample-node.ts'

/** Text of a generated file by its path under `docs/`. */
export type Pages = ReadonlyMap<string, string>

/** Pages that follow from the sources alone. */
export async function sourcePages(): Promise<Pages> {
  return new Map([
    ['reference/commands.md', await commandsPage()],
    ['reference/settings.md', settingsPage()],
    ['reference/errors.md', errorsPage()],
    ['reference/limits.md', limitsPage()],
  ])
}

/** Pages that a running node is asked for. */
export async function nodePages({ node, metrics }: SampleNode): Promise<Pages> {
  const description = openApi(node.routes)
  return new Map([
    ['reference/http.md', httpPage(description)],
    ['reference/metrics.md', metricsPage(await metrics())],
    ['public/openapi.json', `${printJson(description)}\n`],
  ])
}
