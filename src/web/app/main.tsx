import { render } from 'preact'
import './style.css'

render(<main>The Orchestrator</main>, document.getElementById('app')!)
