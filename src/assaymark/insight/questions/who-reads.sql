/*---
title.zh = "谁在读取某类数据？"
title.en = "Who reads a kind of data?"
explain.zh = "按读取者（应用自身或 SDK）统计读取该类数据的应用数和调用处；一次调用不等于运行时一定发生。"
explain.en = "Apps and calls by who reads (the app itself or an SDK). A call in the code is not proof that it runs."
bar = "apps"
[parameters.data]
zh = "数据类别，如 imei"
en = "data category, such as imei"
[columns]
owner.zh = "读取者：app 或 SDK 标识"
owner.en = "who reads: app, or the id of an SDK"
apps.zh = "应用数"
apps.en = "apps"
calls.zh = "调用处"
calls.en = "calls"
reachable.zh = "从入口可达的调用处"
reachable.en = "calls reachable from the entry points"
before.zh = "在同意之前的调用处"
before.en = "calls before consent"
---*/
SELECT owner, count(DISTINCT app) AS apps, count(*) AS calls,
       count(*) FILTER (WHERE reachable) AS reachable, count(*) FILTER (WHERE consent = 'before') AS before
FROM api_call
WHERE data = $data
GROUP BY owner
ORDER BY apps DESC, calls DESC, owner
