"""A few regions of Alibaba Cloud with their ECS endpoints, as DescribeRegions lists them."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Region:
    """A region under its Chinese and its English name."""

    region_id: str
    chinese: str
    english: str


REGIONS = (
    Region(region_id="cn-hangzhou", chinese="华东1（杭州）", english="China (Hangzhou)"),  # noqa: RUF001 - as the API has it
    Region(region_id="cn-shanghai", chinese="华东2（上海）", english="China (Shanghai)"),  # noqa: RUF001
    Region(region_id="cn-beijing", chinese="华北2（北京）", english="China (Beijing)"),  # noqa: RUF001
    Region(region_id="ap-southeast-1", chinese="新加坡", english="Singapore"),
    Region(region_id="eu-central-1", chinese="德国（法兰克福）", english="Germany (Frankfurt)"),  # noqa: RUF001
)


def shape(region: Region, *, english: bool) -> dict[str, object]:
    """An item of DescribeRegions."""
    return {
        "RegionId": region.region_id,
        "RegionEndpoint": f"ecs.{region.region_id}.aliyuncs.com",
        "LocalName": region.english if english else region.chinese,
        "Status": "available",
    }
