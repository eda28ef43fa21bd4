import { type Feature, useFeatures } from '../features.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'

type Place = readonly [name: string, path: string, needs?: Feature]

const groups: readonly (readonly [title: string, places: readonly Place[]])[] = [
  [
    'Look',
    [
      ['Overview', paths.overview()],
      ['Processes', paths.processes()],
      ['Dead letters', paths.deadLetters()],
    ],
  ],
  [
    'Data',
    [
      ['Items', paths.items()],
      ['Blocks', paths.blocks()],
      // Without storers it says how to have some.
      ['Availability', paths.availability()],
      ['Query', paths.query()],
    ],
  ],
  [
    'Models',
    [
      ['Models', paths.models(), 'models'],
      ['Receipts', paths.receipts(), 'models'],
      ['Provenance', paths.lineages(), 'provenance'],
    ],
  ],
  [
    'Who',
    [
      ['Accounts', paths.accounts()],
      ['Stake', paths.stake()],
    ],
  ],
  [
    'Act',
    [
      ['Spawn', paths.spawn()],
      ['Send', paths.send()],
      ['Console', paths.console()],
      ['Upload', paths.upload()],
      ['Wallet', paths.wallet()],
    ],
  ],
]

export function Navigation({ path, isOpen }: { path: string; isOpen: boolean }) {
  const features = useFeatures()
  return (
    <nav id="navigation" class={isOpen ? 'navigation open' : 'navigation'} aria-label="Pages">
      {groups.map(([title, places]) => {
        const here = places.filter(([, , needs]) => needs === undefined || features.has(needs))
        return here.length === 0 ? null : (
          <Places key={title} title={title} places={here} path={path} />
        )
      })}
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
