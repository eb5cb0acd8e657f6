/** A part of what Prometheus gets: the whole is some hundred lines. */

export const openMetricsExample = `# HELP orchestrator_tasks Tasks that have ended, by their final status
# TYPE orchestrator_tasks counter
orchestrator_tasks_total{droplet="echo",status="success"} 1024
orchestrator_tasks_total{droplet="echo",status="error"} 3
# HELP orchestrator_oldest_task_age_seconds How long the oldest waiting task has been due; 0 when none is
# TYPE orchestrator_oldest_task_age_seconds gauge
# UNIT orchestrator_oldest_task_age_seconds seconds
orchestrator_oldest_task_age_seconds 0.25
# EOF
`

export const prometheusExample = `# HELP orchestrator_tasks_total Tasks that have ended, by their final status
# TYPE orchestrator_tasks_total counter
orchestrator_tasks_total{droplet="echo",status="success"} 1024
orchestrator_tasks_total{droplet="echo",status="error"} 3
# HELP orchestrator_oldest_task_age_seconds How long the oldest waiting task has been due; 0 when none is
# TYPE orchestrator_oldest_task_age_seconds gauge
orchestrator_oldest_task_age_seconds 0.25
`
