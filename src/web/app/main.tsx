import { render } from 'preact'
import { Frame } from './frame/frame.tsx'
import { AppContext, createApp } from './state/app.ts'
import './styles/index.css'

render(
  <AppContext.Provider value={createApp()}>
    <Frame />
  </AppContext.Provider>,
  document.getElementById('app')!,
)
