/*---
title.zh = "各类数据有多少应用读取？"
title.en = "How many apps read which kind of data?"
explain.zh = "只计从入口可达的调用。没有看到调用不等于没有读取：见问题 unseen。"
explain.en = "Only calls reachable from the entry points count. No call seen does not mean no read: ask unseen."
bar = "apps"
[columns]
data.zh = "数据类别"
data.en = "data category"
apps.zh = "应用数"
apps.en = "apps"
by_sdk.zh = "其中由 SDK 读取的应用数"
by_sdk.en = "apps in which an SDK does"
before.zh = "其中在同意之前读取的应用数"
before.en = "apps that do before consent"
---*/
SELECT data, count(DISTINCT app) AS apps,
       count(DISTINCT app) FILTER (WHERE owner NOT IN ('app', 'unknown')) AS by_sdk,
       count(DISTINCT app) FILTER (WHERE consent = 'before') AS before
FROM api_call
WHERE reachable AND data IS NOT NULL
GROUP BY data
ORDER BY apps DESC, data
