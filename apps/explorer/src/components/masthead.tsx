import { useState } from 'preact/hooks'
import { paths } from '../paths.ts'
import { Link, navigate } from '../router.tsx'
import { applyTheme, readTheme, type Theme } from '../theme.ts'
import { WalletChip } from './wallet-chip.tsx'

type MastheadProps = {
  readonly isMenu: boolean
  onMenu(): void
  onHelp(): void
}

export function Masthead({ isMenu, onMenu, onHelp }: MastheadProps) {
  return (
    <header class="masthead">
      <button
        type="button"
        class="icon-button menu-button"
        aria-expanded={isMenu}
        aria-controls="navigation"
        aria-label="Menu"
        onClick={onMenu}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M2 4h12M2 8h12M2 12h12" />
        </svg>
      </button>
      <Link to={paths.overview()} class="brand" aria-label="Heddle, overview">
        <Mark />
        <span>Heddle</span>
      </Link>
      <Search />
      <div class="masthead-tools">
        <WalletChip />
        <ThemeButton />
        <button type="button" class="icon-button help-button" aria-label="Keys" onClick={onHelp}>
          ?
        </button>
      </div>
    </header>
  )
}

/** Warp and weft. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path class="warp" d="M9 5v8M9 19v8M16 5v4M16 15v2M16 23v4M23 5v8M23 19v8" />
      <path class="weft" d="M5 12h8M19 12h8M12 20h8" />
      <path class="weft" d="M5 20h1M26 20h1" />
    </svg>
  )
}

function Search() {
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const text = String(new FormData(form).get('q') ?? '').trim()
    if (text === '') return
    form.reset()
    navigate(paths.search(text))
  }
  return (
    <search class="search">
      <form onSubmit={onSubmit}>
        <label class="said" for="search">
          Search by id or name
        </label>
        <input
          id="search"
          name="q"
          type="search"
          placeholder="Any id, or a name"
          autocomplete="off"
          spellcheck={false}
        />
        <kbd>/</kbd>
      </form>
    </search>
  )
}

const following: Readonly<Record<Theme, Theme>> = {
  system: 'light',
  light: 'dark',
  dark: 'system',
}
const drawings: Readonly<Record<Theme, string>> = {
  system: 'M2.5 3.5h11v7h-11zM6 13.5h4',
  light:
    'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  dark: 'M13 9.5A5.5 5.5 0 1 1 6.5 3 4.5 4.5 0 0 0 13 9.5z',
}

function ThemeButton() {
  const [theme, setTheme] = useState(readTheme)
  const change = () => {
    const next = following[theme]
    setTheme(next)
    applyTheme(next)
  }
  const label = `Theme: ${theme}. Change to ${following[theme]}`
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={change}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={drawings[theme]} />
      </svg>
    </button>
  )
}
