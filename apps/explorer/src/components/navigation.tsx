import { type Feature, featurePaths, useFeatures } from '../features.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'

type Place = readonly [name: string, path: string]

const look: readonly Place[] = [
  ['Overview', paths.overview()],
  ['Processes', paths.processes()],
  ['Items', paths.items()],
  ['Blocks', paths.blocks()],
  ['Accounts', paths.accounts()],
  ['Dead letters', paths.deadLetters()],
  ['Query', paths.query()],
]

const act: readonly Place[] = [
  ['Spawn', paths.spawn()],
  ['Send', paths.send()],
  ['Upload', paths.upload()],
  ['Wallet', paths.wallet()],
]

const featureNames: Readonly<Record<Feature, string>> = {
  availability: 'Availability',
  models: 'Models',
}

export function Navigation({ path, isOpen }: { path: string; isOpen: boolean }) {
  const features = useFeatures()
  const more = [...features].map((name): Place => [featureNames[name], featurePaths[name]()])
  return (
    <nav id="navigation" class={isOpen ? 'navigation open' : 'navigation'} aria-label="Pages">
      <Places title="Look" places={[...look, ...more]} path={path} />
      <Places title="Act" places={act} path={path} />
    </nav>
  )
}

type PlacesProps = {
  readonly title: string
  readonly places: readonly Place[]
  readonly path: string
}

function Places({ title, places, path }: PlacesProps) {
  return (
    <div class="places">
      <h2>{title}</h2>
      <ul>
        {places.map(([name, to]) => (
          <li key={to}>
            <Link to={to} {...(isAt(path, to) ? { 'aria-current': 'page' as const } : {})}>
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** `/process/…` belongs to Processes, and so on. */
function isAt(path: string, to: string): boolean {
  if (path === to || path === `${to}/`) return true
  const stem = to.replace(/(es|s)$/, '')
  return to !== paths.overview() && path.startsWith(`${stem}/`)
}
