import { join } from 'node:path'
import {
  Application,
  Comment,
  type Context,
  Converter,
  DeclarationReflection,
  LogLevel,
  PageEvent,
  ReflectionKind,
  type TypeDocOptions,
} from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { type SdkSection, sdkSections } from '../../docs/.vitepress/sdk-sections.ts'
import { root } from '../source.ts'
import { page, row } from './markdown.ts'

const sources = join(root, 'packages/sdk/src')

/** What it shows of a declaration, and what it must find written there. */
const reading: Partial<TypeDocOptions> = {
  name: 'SDK',
  entryPoints: ['', 'node', 'console'].map((folder) => join(sources, folder, 'index.ts')),
  tsconfig: join(root, 'scripts/docs/sdk-reference.tsconfig.json'),
  plugin: ['typedoc-plugin-markdown'],
  readme: 'none',
  disableSources: true,
  disableGit: true,
  excludeExternals: true,
  excludePrivate: true,
  excludeReferences: true,
  // The compiler that checks them is a newer one.
  skipErrorChecking: true,
  sort: ['source-order'],
  groupOrder: ['Functions', 'Classes', 'Type Aliases', 'Variables'],
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: ['Function', 'Class', 'TypeAlias', 'Variable', 'Method'],
  logLevel: LogLevel.Warn,
}

const writing: PluginOptions & { readonly router: string } = {
  router: 'module',
  entryFileName: 'index',
  hidePageHeader: true,
  hidePageTitle: true,
  hideBreadcrumbs: true,
  hideGroupHeadings: true,
  useCodeBlocks: true,
  expandObjects: true,
  expandParameters: true,
  parametersFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  indexFormat: 'table',
  tableColumnSettings: { hideModifiers: true, hideInherited: true, leftAlignHeaders: true },
  // VitePress would name equal headings in its own way.
  useCustomAnchors: true,
  sanitizeComments: true,
  useHTMLEncodedBrackets: true,
}

/**
 * Writes the SDK's reference, from its types and docstrings, into a folder: `index.md` and a page a
 * section. Throws where an exported name has no docstring or is on no page.
 */
export async function writeSdkReference(folder: string): Promise<void> {
  const outputs = [{ name: 'markdown', path: folder }]
  const app = await Application.bootstrapWithPlugins({ ...reading, ...writing, outputs })
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, intoSections)
  app.renderer.on(PageEvent.END, (written: PageEvent) => {
    const section = sdkSections.find(({ name }) => written.url === `${name}.md`)
    written.contents = section ? sectionPage(section, written.contents ?? '') : indexPage()
  })
  const project = await app.convert()
  if (project !== undefined) {
    app.validate(project)
    await app.generateOutputs(project)
  }
  const { errorCount, warningCount } = app.logger
  if (project === undefined || errorCount + warningCount > 0) {
    throw new Error('the reference of the SDK is not whole: see what typedoc wrote above')
  }
}

function indexPage(): string {
  return page('SDK', [
    'One package, `@heddle/sdk`, for Node and browsers. Every call takes a `signal` and rejects with its reason',
    'once that is aborted. How calls go together: [the guide to actors](../../actors.md).',
    '',
    row('page', 'about'),
    row('---', '---'),
    ...sdkSections.map(({ name, title, about }) => row(`[${title}](${name}.md)`, about)),
  ])
}

/**
 * A page as VitePress wants it: beside it are the names alone, not the headings within them. Its own name
 * is apart from theirs, one of which may be the same.
 */
function sectionPage({ title }: SdkSection, contents: string): string {
  const head = `---\neditLink: false\noutline: 2\n---\n\n# ${title} {#section}\n\n`
  return head + contents.replaceAll('\n***\n', '')
}

/** Modules of the sources become sections of the reference: readers look for a subject, not for a file. */
function intoSections({ project }: Context): void {
  const modules = project.children?.slice() ?? []
  const sections = sdkSections.map(({ name, about }) => {
    const section = new DeclarationReflection(name, ReflectionKind.Module, project)
    section.comment = new Comment([{ kind: 'text', text: about }])
    project.registerReflection(section, undefined, undefined)
    project.addChild(section)
    return section
  })
  for (const one of modules.flatMap(({ children = [] }) => children)) {
    const path = project.getSymbolIdFromReflection(one)?.fileName ?? ''
    const section = sections[sdkSections.findIndex(({ holds }) => holds.test(path))]
    if (section === undefined) throw new Error(`${one.name} of ${path} is in no section of the SDK`)
    one.parent = section
    section.addChild(one)
  }
  for (const module of modules) project.removeChild(module)
}
