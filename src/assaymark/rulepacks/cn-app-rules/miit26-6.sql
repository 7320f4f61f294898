/*---
id = "miit26-6"
instrument = "miit-2023-26"
number.zh = "措施6"
number.en = "6"
severity = "medium"
decides = "indicated"
needs = ["setting"]
notice.zh = "APP频繁自启动和关联启动"
notice.en = "frequent self-starting and starting of other apps"
title.zh = "启动运行场景合理"
title.en = "Starting only in a reasonable context"
explain.zh = "不是服务必需或没有合理场景，不得自启动、关联启动其他应用，或唤醒、调用、更新。"
explain.en = "Without need or a reasonable context, the app must not start itself or other apps, nor wake, call or update them."
safe_claim.zh = "代码启动或唤醒其他应用的组件；仅就自启动，只说注册了哪些广播。"
safe_claim.en = "Code starts or wakes components of other packages; of self-start, no more than which broadcasts are registered for."
static_limit.zh = "注册广播不等于频繁启动；次数要运行才能看到。唤醒其他应用不在本查询之内。措施的编号未能与原文核对。"
static_limit.en = "Registering for a broadcast is not starting often; frequency needs a run. Waking other apps is outside this query. The number of the measure was not checked against the original."
remedy.zh = '去掉不需要的自启动接收器，由 SDK 合并进来的写 <receiver android:name="该接收器的类名" tools:node="remove" />；关闭推送 SDK 的互相唤醒。'
remedy.en = 'Remove receivers that start the app without need; where an SDK merges one in, write <receiver android:name="class of the receiver" tools:node="remove" />. Switch off mutual waking in push SDKs.'
reasons.starts.zh = "{n} 个组件注册了系统广播，可在用户没有打开应用时启动：{actions}；组件：{components}。政策里有无说明，本次没有核对。"
reasons.starts.en = "{n} component(s) register for system broadcasts and can start while the user has not opened the app: {actions}; components: {components}. Whether the policy says so was not checked."
reasons.none.zh = "清单里没有找到为自启动而注册系统广播的组件；代码里动态注册的广播和启动其他应用的行为没有查看。"
reasons.none.en = "No component that registers for a system broadcast to start itself was found in the manifest; receivers registered in code and the starting of other apps were not looked at."

[[examples]]
expect = "suspected"
reason = "starts"
setting = [
  { name = "self-start", value = "android.intent.action.BOOT_COMPLETED", scope = "com.example.BootReceiver", origin = "manifest", effect = "starts-itself" },
  { name = "self-start", value = "android.intent.action.USER_PRESENT", scope = "com.example.BootReceiver", origin = "manifest", effect = "starts-itself" },
]

[[examples]]
expect = "not-assessed"
reason = "none"
setting = [{ name = "debuggable", value = "false", scope = "app", origin = "manifest", effect = "neutral" }]
---*/
WITH starts AS (
  SELECT app, count(DISTINCT scope) AS n, json_group_array(replace(value, 'android.intent.action.', '')) AS actions,
    json_group_array(scope) AS components, group_concat(id) AS ids
  FROM setting WHERE name = 'self-start' AND effect = 'starts-itself' GROUP BY app
)
SELECT apps.app, 'app' AS subject,
  CASE WHEN starts.n > 0 THEN 'suspected' ELSE 'not-assessed' END AS status,
  CASE WHEN starts.n > 0 THEN 'starts' ELSE 'none' END AS reason_key,
  json_object('n', starts.n, 'actions', json(starts.actions), 'components', json(starts.components)) AS params,
  starts.ids AS evidence_ids
FROM apps LEFT JOIN starts ON starts.app = apps.app
