import { useEffect, useRef, useState } from 'preact/hooks'
import { Help } from './components/help.tsx'
import { Masthead } from './components/masthead.tsx'
import { Navigation } from './components/navigation.tsx'
import { useKeys } from './keys.ts'
import { useLocation } from './router.tsx'
import { pageAt } from './routes.tsx'

export function App() {
  const { path, query } = useLocation()
  const [isHelp, setHelp] = useState(false)
  const [isMenu, setMenu] = useState(false)
  useKeys(() => setHelp(true))
  const main = useRef<HTMLElement>(null)
  const shown = useRef(path)
  // A new address closes the menu
  useEffect(() => {
    setMenu(false)
    // Readers begin at the new page, but not when it is the first or only its query changes.
    if (shown.current !== path) main.current?.focus({ preventScroll: true })
    shown.current = path
  }, [path])
  return (
    <>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Masthead isMenu={isMenu} onMenu={() => setMenu(!isMenu)} onHelp={() => setHelp(true)} />
      <div class="frame">
        <Navigation path={path} isOpen={isMenu} />
        <main id="main" tabIndex={-1} ref={main}>
          {pageAt(path, query)}
        </main>
      </div>
      {isHelp && <Help onClose={() => setHelp(false)} />}
    </>
  )
}
