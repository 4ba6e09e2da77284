echo "about to crash the kernel"
echo c > /proc/sysrq-trigger
sleep 1000
